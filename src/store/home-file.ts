import * as v from 'valibot';
import { decodeUtf8, failure, Secret, success, type Bytes, type Result } from '../base/index.ts';
import type { PendingKey, Pin, TrustRecord } from '../directory/index.ts';

/** What lies in the home: who we are, our static secret key, and what we trust. */
export interface HomeContent {
  readonly username: string;
  /** X25519, 32 bytes. */
  readonly secret: Bytes;
  readonly records: readonly TrustRecord[];
}

const VERSION = 1;

const key = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
  v.check((bytes) => bytes.length === 32, 'not 32 bytes'),
);
const time = v.pipe(v.number(), v.integer(), v.minValue(0));
const pin = v.object({
  key,
  psk: key,
  confirmed: v.boolean(),
  created: time,
  last_seen: time,
  verified: v.picklist(['none', 'approved', 'compared']),
  min_version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  former_keys: v.array(v.object({ key, until: time })),
});
const record = v.object({
  username: v.string(),
  pin: v.optional(pin),
  pending: v.optional(v.object({ key, psk: key, since: time })),
  repair_until: v.optional(time),
});
const home = v.object({
  version: v.literal(VERSION),
  username: v.string(),
  secret: key,
  trust: v.array(record),
});

/** Fails with home-damaged, naming the field. */
export function decodeHomeFile(bytes: Bytes): Result<HomeContent> {
  const json = parseJson(decodeUtf8(bytes) ?? '');
  if (json === undefined) return failure('home-damaged', 'it is not JSON');
  const parsed = v.safeParse(home, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return failure('home-damaged', `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
  }
  const { username, secret, trust } = parsed.output;
  return success({ username, secret, records: trust.map((row) => toRecord(row)) });
}

export function encodeHomeFile({ username, secret, records }: HomeContent): string {
  const trust = records.map(({ pin, pending, repairUntilWall, ...rest }) => ({
    ...rest,
    ...(pin && { pin: fromPin(pin) }),
    ...(pending && {
      pending: {
        key: base64(pending.key),
        psk: base64(pending.psk.reveal()),
        since: wall(pending.sinceWall),
      },
    }),
    ...(repairUntilWall !== undefined && { repair_until: wall(repairUntilWall) }),
  }));
  return `${JSON.stringify({ version: VERSION, username, secret: base64(secret), trust }, undefined, 2)}\n`;
}

function fromPin(pin: Pin): v.InferInput<typeof home>['trust'][number]['pin'] {
  return {
    key: base64(pin.key),
    psk: base64(pin.psk.reveal()),
    confirmed: pin.confirmed,
    created: wall(pin.createdWall),
    last_seen: wall(pin.lastSeenWall),
    verified: pin.verified,
    min_version: pin.minVersion,
    former_keys: pin.formerKeys.map((former) => ({ key: base64(former.key), until: wall(former.untilWall) })),
  };
}

function toRecord(row: v.InferOutput<typeof record>): TrustRecord {
  return {
    username: row.username,
    ...(row.pin && { pin: toPin(row.pin) }),
    ...(row.pending && { pending: toPending(row.pending) }),
    ...(row.repair_until !== undefined && { repairUntilWall: row.repair_until }),
  };
}

function toPin(row: v.InferOutput<typeof pin>): Pin {
  return {
    key: row.key,
    psk: new Secret(row.psk),
    confirmed: row.confirmed,
    createdWall: row.created,
    lastSeenWall: row.last_seen,
    verified: row.verified,
    minVersion: row.min_version,
    formerKeys: row.former_keys.map((former) => ({ key: former.key, untilWall: former.until })),
  };
}

function toPending(row: { readonly key: Bytes; readonly psk: Bytes; readonly since: number }): PendingKey {
  return { key: row.key, psk: new Secret(row.psk), sinceWall: row.since };
}

function wall(ms: number): number {
  return Math.max(0, Math.round(ms));
}
function base64(bytes: Bytes): string {
  return Buffer.from(bytes).toString('base64');
}
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
