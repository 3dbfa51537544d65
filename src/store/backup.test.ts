import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CodedError, decodeUtf8, encodeUtf8, Secret } from '../base/index.ts';
import type { TrustRecord } from '../directory/index.ts';
import type { Change } from '../engine/index.ts';
import { createHomeTool } from './home-tool.ts';
import { openHome, type Home } from './home.ts';
import { keyFileOf } from './key-file.ts';

let folder = '';
let copy = '';
let restored = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-backup-'));
  copy = join(folder, 'copy');
  restored = join(folder, 'restored');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const passphrase = (): Uint8Array => encodeUtf8('correct horse');
const tool = createHomeTool({ HOME: '/nonexistent' });

const RECORD: TrustRecord = {
  username: 'bob',
  pin: {
    key: bytes(1),
    psk: new Secret(bytes(2)),
    confirmed: true,
    createdWall: 1_700_000_000_000,
    lastSeenWall: 1_700_000_000_001,
    verified: 'compared',
    minVersion: 1,
    formerKeys: [],
  },
};
const EPOCH = new Uint8Array(16).fill(1);
const PEER_EPOCH = new Uint8Array(16).fill(2);
const idOf = (number: number): string => `01920000-0000-7000-8000-${String(number).padStart(12, '0')}`;

function outgoing(seq: number): Change {
  const plaintext = encodeUtf8(`outgoing ${seq}`);
  const row = { seq, id: idOf(seq), type: 'text', plaintext, timestamp: 1_700_000_000_000 + seq };
  return { type: 'outbox-put', peer: 'bob', epoch: EPOCH, row };
}

/** 1 and 2 delivered, 3 withdrawn, 4 and 5 waiting; one received. */
const CHANGES: readonly Change[] = [
  { type: 'trust', record: RECORD },
  { type: 'guesses', guesses: { buckets: new Map([[7, { failures: 2, lastWall: 5 }]]), names: new Map() } },
  ...[1, 2, 3, 4, 5].map(outgoing),
  { type: 'outbox-sent', peer: 'bob', epoch: EPOCH, seq: 2 },
  {
    type: 'outbox-settle',
    peer: 'bob',
    epoch: EPOCH,
    seq: 2,
    id: idOf(2),
    key: bytes(1),
    atWall: 1_700_000_001_000,
    refused: [],
  },
  {
    type: 'outbox-void',
    peer: 'bob',
    epoch: EPOCH,
    seq: 3,
    id: idOf(3),
    outcome: 'cancelled',
    atWall: 1_700_000_001_000,
  },
  { type: 'inbox-cursor', peer: 'bob', epoch: PEER_EPOCH, stored: 0, storedId: undefined },
  {
    type: 'inbox-put',
    peer: 'bob',
    row: {
      seq: 1,
      id: idOf(100),
      type: 'text',
      plaintext: encodeUtf8('incoming 1'),
      timestamp: 1_700_000_000_500,
      receivedWall: 1_700_000_000_600,
    },
  },
  { type: 'draft', peer: 'bob', text: 'half a thought' },
  { type: 'read', peer: 'bob', upTo: 6 },
  { type: 'muted', peer: 'bob', untilWall: 1_900_000_000_000 },
];

function openAlice(at: string): Home {
  return openHome({ folder: at, username: 'alice', newSecret: () => bytes(7) });
}

function makeBackup(): Buffer {
  using home = openAlice(join(folder, 'alice'));
  home.commit(CHANGES);
  home.backup({ path: copy, passphrase: passphrase() });
  return readFileSync(copy);
}

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

const restore = async (from = copy): Promise<unknown> =>
  tool.restore({ from, passphrase: passphrase(), home: restored });

test('a backup restores identity, trust, guesses, messages, cursors, drafts and what was read; what waits gets a new numbering (DLV-09)', async () => {
  makeBackup();
  rmSync(join(folder, 'alice'), { recursive: true });
  expect(await restore()).toEqual({ home: restored, username: 'alice' });
  using home = openAlice(restored);
  expect(home.notices).toEqual([]);
  expect(home.secret).toEqual(bytes(7));
  expect(JSON.stringify(home.records)).toBe(JSON.stringify([RECORD]));
  expect(home.records[0]?.pin?.psk.reveal()).toEqual(bytes(2));
  expect(home.guesses.buckets.get(7)).toEqual({ failures: 2, lastWall: 5 });
  expect(home.conversations.get('bob')).toEqual({
    readUpTo: 6,
    unread: 0,
    mutedUntilWall: 1_900_000_000_000,
    draft: 'half a thought',
  });
  const { inbox, outbox } = home.standing('bob')!;
  expect(inbox).toMatchObject({ epoch: PEER_EPOCH, stored: 1, storedId: idOf(100) });
  expect(outbox?.epoch).not.toEqual(EPOCH);
  expect(outbox).toMatchObject({ assigned: 2, settled: 0, sent: 0, waiting: 2 });
  const rows = home.outgoing('bob', { epoch: outbox!.epoch, after: 0, upTo: 9, limit: 9 });
  expect(rows.map(({ seq, id, plaintext }) => [seq, id, decodeUtf8(plaintext)])).toEqual([
    [1, idOf(4), 'outgoing 4'],
    [2, idOf(5), 'outgoing 5'],
  ]);
});

test('each restored home is another course of things: what was counted in the former one means nothing in it', async () => {
  makeBackup();
  const lineages: string[] = [];
  for (let n = 0; n < 2; n++) {
    await restore();
    using home = openAlice(restored);
    lineages.push(String(home.lineage));
    home[Symbol.dispose]();
    using again = openAlice(restored);
    expect(String(again.lineage), 'and it stays the same').toBe(lineages[n]);
    again[Symbol.dispose]();
    rmSync(restored, { recursive: true });
  }
  using former = openAlice(join(folder, 'alice'));
  expect(new Set([...lineages, String(former.lineage)]).size).toBe(3);
});

test('a restored home is under no passphrase, for its owner only, and complete (STO-12)', async () => {
  makeBackup();
  await restore();
  expect(keyFileOf(restored)).toEqual({ username: 'alice', isWrapped: false });
  expect(statSync(restored).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(restored))
    expect(statSync(join(restored, name)).mode & 0o777, name).toBe(0o600);
  expect(readdirSync(restored).sort()).toEqual(['key', 'recovery', 'sotto.db']);
  expect(readdirSync(folder).sort(), 'nothing of the attempt stays').toEqual(['alice', 'copy', 'restored']);
});

test('a backup is for its owner only, shows no text, and nothing of its making stays (STO-11)', () => {
  const backup = makeBackup();
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  for (const needle of ['outgoing 4', 'incoming 1', 'half a thought', 'bob', 'correct horse', 'CREATE TABLE'])
    expect(backup.includes(needle), needle).toBe(false);
  const key = JSON.parse(readFileSync(join(folder, 'alice', 'key'), 'utf8')) as { key: string };
  expect(backup.includes(key.key)).toBe(false);
  expect(backup.includes(Buffer.from(key.key, 'base64'))).toBe(false);
  expect(readdirSync(join(folder, 'alice')).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a file that is there is not overwritten, and a failure leaves nothing', async () => {
  const alice = join(folder, 'alice');
  using home = openAlice(alice);
  const before = readdirSync(alice);
  writeFileSync(copy, 'precious');
  const backup = (path: string, phrase = passphrase()) =>
    codeOf(() => home.backup({ path, passphrase: phrase }));
  expect(await backup(copy)).toBe('usage');
  expect(readFileSync(copy, 'utf8')).toBe('precious');
  expect(await backup(join(folder, 'missing', 'copy'))).toBe('file-unusable');
  expect(await backup(join(folder, 'other'), new Uint8Array(0))).toBe('usage');
  expect(existsSync(join(folder, 'other'))).toBe(false);
  expect(readdirSync(alice)).toEqual(before);
  expect(await backup(join(folder, 'other'))).toBe('nothing was thrown');
});

test('what a killed backup left in the home goes with the next one', () => {
  const alice = join(folder, 'alice');
  using home = openAlice(alice);
  writeFileSync(join(alice, '.backup-0123456789ab'), 'half');
  home.backup({ path: copy, passphrase: passphrase() });
  expect(readdirSync(alice)).not.toContain('.backup-0123456789ab');
});

test('another passphrase is told apart from damage', async () => {
  makeBackup();
  const wrong = encodeUtf8('correct mule');
  expect(await codeOf(async () => tool.restore({ from: copy, passphrase: wrong, home: restored }))).toBe(
    'passphrase-wrong',
  );
  expect(existsSync(restored)).toBe(false);
});

test('a home that exists is not touched; an empty folder is taken', async () => {
  makeBackup();
  mkdirSync(restored);
  writeFileSync(join(restored, 'something'), 'precious');
  expect(await codeOf(restore)).toBe('home-exists');
  expect(readdirSync(restored)).toEqual(['something']);
  rmSync(join(restored, 'something'));
  await restore();
  expect(await codeOf(restore)).toBe('home-exists');
});

test('what a killed restoring left beside the home goes with the next one', async () => {
  makeBackup();
  mkdirSync(join(folder, '.restored.restoring'));
  writeFileSync(join(folder, '.restored.restoring', 'key'), 'half');
  await restore();
  expect(readdirSync(folder).sort()).toEqual(['alice', 'copy', 'restored']);
});

test('every flipped bit is noticed: all of the head, and 1,000 of the database (STO-07)', async () => {
  const good = makeBackup();
  const head = good.indexOf('\n', 'sotto backup\n'.length) + 1;
  const headBits = Array.from({ length: 8 * head }, (_, bit) => bit);
  // Spread over the database by a step that has no factor in common with pages and bytes.
  const step = (Math.floor((8 * (good.length - head)) / 1_000) - 1) | 1;
  const databaseBits = Array.from({ length: 1_000 }, (_, i) => 8 * head + i * step);
  const file = openSync(copy, 'r+');
  for (const bit of [...headBits, ...databaseBits]) {
    const at = bit >> 3;
    writeSync(file, Uint8Array.of(good[at]! ^ (1 << (bit & 7))), 0, 1, at);
    expect(await codeOf(restore), `bit ${bit}`).toBe('backup-invalid');
    writeSync(file, good, at, 1, at);
  }
  closeSync(file);
  for (const length of [0, 5, 13, head - 1, head, head + 1, good.length - 1]) {
    writeFileSync(copy, good.subarray(0, length));
    expect(await codeOf(restore), `cut to ${length}`).toBe('backup-invalid');
  }
  writeFileSync(copy, Buffer.concat([good, Buffer.of(0)]));
  expect(await codeOf(restore), 'a byte more').toBe('backup-invalid');
  expect(existsSync(restored)).toBe(false);
  writeFileSync(copy, good);
  await restore();
});

test('who can write the backup, but has not its passphrase, cannot change anything', async () => {
  const good = makeBackup();
  const begin = 'sotto backup\n'.length;
  const end = good.indexOf('\n', begin) + 1;
  const forge = async (change: (fields: Record<string, unknown>) => void, database = good.subarray(end)) => {
    const fields = JSON.parse(good.subarray(begin, end).toString()) as Record<string, unknown>;
    delete fields['check'];
    change(fields);
    const check = createHash('sha256').update(JSON.stringify(fields)).digest('base64');
    const head = `sotto backup\n${JSON.stringify({ ...fields, check })}\n`;
    writeFileSync(copy, Buffer.concat([Buffer.from(head), database]));
    return codeOf(restore);
  };
  expect(await forge((fields) => (fields['username'] = 'mallory'))).toBe('passphrase-wrong');
  expect(await forge((fields) => (fields['created'] = 0))).toBe('passphrase-wrong');
  const other = Buffer.from(good.subarray(end));
  other[100]! ^= 1;
  const sha256 = createHash('sha256').update(other).digest('base64');
  expect(await forge((fields) => (fields['sha256'] = sha256), other)).toBe('passphrase-wrong');
  expect(await forge(({ kdf }) => ((kdf as Record<string, unknown>)['memory'] = 2 ** 30))).toBe(
    'backup-invalid',
  );
  expect(await forge((fields) => (fields['version'] = 2))).toBe('home-newer');
});

test('a folder, a missing file and any other file are no backup', async () => {
  expect(await codeOf(async () => restore(folder))).toBe('backup-invalid');
  expect(await codeOf(async () => restore(join(folder, 'missing')))).toBe('file-unusable');
  writeFileSync(copy, '[]\n');
  expect(await codeOf(restore)).toBe('backup-invalid');
});
