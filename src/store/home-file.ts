import * as v from 'valibot';
import { CodedError, decodeUtf8, failure, Secret, success, type Bytes, type Result } from '../base/index.ts';
import {
  GUESS_BUCKETS,
  NO_GUESSES,
  type GuessLedger,
  type PendingKey,
  type Pin,
  type TrustRecord,
} from '../directory/index.ts';

/** What lies in the home: who we are, our static secret key, what we trust, and who guessed wrong how often. */
export interface HomeContent {
  readonly username: string;
  /** X25519, 32 bytes. */
  readonly secret: Bytes;
  readonly records: readonly TrustRecord[];
  readonly guesses: GuessLedger;
}

const VERSION = 1;

const key = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
  v.check((bytes) => bytes.length === 32),
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
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const guesses = v.object({
  // [bucket, failures, time of the last one]: a bounded number of rows, each on one line.
  buckets: v.array(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,4} \d{1,15} \d{1,15}$/),
      v.transform((row) => row.split(' ').map(Number) as [number, number, number]),
      v.check(([bucket, failures]) => bucket < GUESS_BUCKETS && failures > 0),
    ),
  ),
  names: v.array(v.object({ username: v.string(), failures: count })),
});
const home = v.object({
  version: v.literal(VERSION),
  username: v.string(),
  secret: key,
  trust: v.array(record),
  guesses: v.optional(guesses),
});

/** Fails with home-damaged, naming the field. */
export function decodeHomeFile(bytes: Bytes): Result<HomeContent> {
  const json = parseJson(decodeUtf8(bytes) ?? '');
  if (json === undefined) return failure('home-damaged', 'it is not JSON');
  const parsed = v.safeParse(home, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    // The library's own sentence repeats what it found: all but one character of a key, perhaps.
    return failure('home-damaged', `${v.getDotPath(issue) ?? 'the file'} is not what belongs there`);
  }
  const { username, secret, trust, guesses: failed } = parsed.output;
  const records = trust.map((row) => toRecord(row));
  return success({ username, secret, records, guesses: failed ? toLedger(failed) : NO_GUESSES });
}

export function encodeHomeFile({ username, secret, records, guesses: ledger }: HomeContent): string {
  const trust = records.map((each) => fromRecord(each));
  const content = {
    version: VERSION,
    username,
    secret: base64(secret),
    trust,
    ...(ledger.buckets.size > 0 && { guesses: fromLedger(ledger) }),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** One contact's trust, as the database and the recovery file keep it. */
export function encodeTrust(trust: TrustRecord): string {
  return JSON.stringify(fromRecord(trust));
}

/** Throws home-damaged. */
export function decodeTrust(text: string): TrustRecord {
  const parsed = v.safeParse(record, parseJson(text));
  if (parsed.success) return toRecord(parsed.output);
  throw new CodedError({
    code: 'home-damaged',
    message: 'what is kept about a contact is not what belongs there',
  });
}

function fromRecord({ pin, pending, repairUntilWall, ...rest }: TrustRecord): v.InferInput<typeof record> {
  return {
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
  };
}

function fromLedger({ buckets, names }: GuessLedger): v.InferInput<typeof guesses> {
  return {
    buckets: [...buckets].map(
      ([bucket, { failures, lastWall }]) => `${bucket} ${failures} ${wall(lastWall)}`,
    ),
    names: [...names].map(([username, failures]) => ({ username, failures })),
  };
}

function toLedger({ buckets, names }: v.InferOutput<typeof guesses>): GuessLedger {
  return {
    buckets: new Map(buckets.map(([bucket, failures, lastWall]) => [bucket, { failures, lastWall }])),
    names: new Map(names.map(({ username, failures }) => [username, failures])),
  };
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
