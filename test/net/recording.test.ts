import { expect, test } from 'vitest';
import { encodeUtf8, type Bytes } from '../../src/base/index.ts';
import { encodePreface, PREFACE_LENGTH } from '../../src/protocol/wire/index.ts';
import { frameLengths, openRecordingProxy, type Recording } from './recording-proxy.ts';
import { startListening, startSotto } from './sotto-process.ts';
import { openTown } from './town.ts';
import { until } from './until.ts';

// A man in the middle who writes everything down, between two real processes: a whole first contact and a later session.

const TEXTS = {
  first: 'meet me at the old lighthouse at midnight',
  answer: 'bring the lantern and the second key with you',
  later: `a longer one: ${'the tide turns at four. '.repeat(100)}`,
};

/** Exact lengths of the frames before the first record (spec/02). */
const HANDSHAKES = {
  enrol: { fromDialler: [1_216, 64, 181, 49], fromListener: [1_200, 81] },
  session: { fromDialler: [1_248, 196], fromListener: [1_152] },
} as const;

const TAG_LENGTH = 16;
/** spec/03 "Padding": 512 B, then powers of two up to 8 KiB, then multiples of 8 KiB. */
const RECORD_LENGTHS: ReadonlySet<number> = new Set(
  [512, 1_024, 2_048, 4_096, ...[1, 2, 3, 4, 5, 6, 7].map((n) => n * 8_192)].map(
    (length) => length + TAG_LENGTH,
  ),
);

/** Every spelling under which a secret could be found in a stream. */
function spellings(secret: string): readonly Bytes[] {
  const bytes = Buffer.from(secret);
  // Base64 of a part of a longer text begins at any of three places: the inner, whole groups are looked for.
  const base64 = [0, 1, 2].map((shift) =>
    bytes.subarray(shift, shift + 3 * Math.floor((bytes.length - shift) / 3)),
  );
  return [
    bytes,
    encodeUtf8(bytes.toString('hex')),
    encodeUtf8(bytes.toString('hex').toUpperCase()),
    new Uint8Array(Buffer.from(secret, 'utf16le')),
    ...base64.map((part) => encodeUtf8(part.toString('base64'))),
    ...base64.map((part) => encodeUtf8(part.toString('base64url'))),
  ];
}

function needles(): readonly Bytes[] {
  const secrets = [
    'wilhelmina',
    'bartholomew',
    'pw-wilhelmina',
    'pw-bartholomew',
    'lighthouse',
    'lantern',
    ...Object.values(TEXTS),
  ];
  const json = [
    '{"header"',
    '"header"',
    'header',
    '"message"',
    '"security"',
    'hmac_',
    'enc_type',
    'AES-256',
    'timestamp',
    '"text"',
  ];
  return [...secrets.flatMap((secret) => spellings(secret)), ...json.map((word) => encodeUtf8(word))];
}

function expectNothingReadable(stream: Bytes): void {
  for (const needle of needles()) {
    const at = Buffer.from(stream).indexOf(needle);
    expect(at, `found ${Buffer.from(needle).toString()}`).toBe(-1);
  }
}

function expectOnlyRecords(recording: Recording, mode: 'enrol' | 'session'): void {
  expect(recording.fromDialler.subarray(0, PREFACE_LENGTH)).toEqual(encodePreface(mode));
  for (const side of ['fromDialler', 'fromListener'] as const) {
    const lengths = frameLengths(recording[side], side === 'fromDialler' ? 'dialler' : 'listener');
    const handshake = HANDSHAKES[mode][side];
    expect(lengths.slice(0, handshake.length)).toEqual(handshake);
    const records = lengths.slice(handshake.length);
    expect(records.length).toBeGreaterThanOrEqual(2);
    for (const length of records) expect(RECORD_LENGTHS).toContain(length);
    expectNothingReadable(recording[side]);
  }
}

test('between two processes there are a preface, handshake frames of exact lengths and padded records; nothing can be read', async () => {
  await using town = await openTown(['bartholomew', 'wilhelmina']);
  await using proxy = await openRecordingProxy(town.port('bartholomew'));
  await town.onlyDials('wilhelmina', 'bartholomew', proxy.port);
  await using bartholomew = await startListening(town, 'bartholomew', []);
  await using wilhelmina = await startListening(town, 'wilhelmina', []);
  wilhelmina.type(`@bartholomew ${TEXTS.first}`);
  await bartholomew.says(TEXTS.first, 'stdout');
  bartholomew.type(`@wilhelmina ${TEXTS.answer}`);
  await wilhelmina.says(TEXTS.answer, 'stdout');
  wilhelmina.endInput();
  expect(await wilhelmina.exitCode()).toBe(0);
  await until('the first contact has ended', () => proxy.openCount === 0);
  await using once = startSotto(town, 'wilhelmina', ['send', 'bartholomew', TEXTS.later]);
  expect(await once.exitCode()).toBe(0);
  await until('the session has ended', () => proxy.openCount === 0);
  await bartholomew.says(TEXTS.later.trim(), 'stdout');
  const [enrol, ...sessions] = proxy.recordings;
  if (!enrol) throw new Error('nothing was recorded');
  expectOnlyRecords(enrol, 'enrol');
  expect(sessions).toHaveLength(1);
  for (const session of sessions) expectOnlyRecords(session, 'session');
});

test('the search finds what it looks for, in every spelling', () => {
  const noise = 'x'.repeat(100);
  for (const planted of [
    'the lighthouse',
    `{"message":"${Buffer.from(TEXTS.first).toString('base64')}"}`,
    Buffer.from(`..${TEXTS.answer}`).toString('base64'),
    Buffer.from('pw-wilhelmina').toString('hex'),
    '{"header":',
  ])
    expect(() => expectNothingReadable(encodeUtf8(noise + planted + noise)), planted).toThrow('found');
  expectNothingReadable(encodeUtf8(noise));
});
