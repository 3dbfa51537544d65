import { expect, test } from 'vitest';
import { decodeHex, encodeHex, encodeUtf8, type Bytes } from '../../src/base/index.ts';
import { nativePrimitives as native } from '../../src/primitives/index.ts';
import {
  checkPrefacePrefix,
  decodePreface,
  EnvelopeOpener,
  RecordOpener,
  StreamReader,
} from '../../src/protocol/index.ts';
import type { EnvelopeCase, FramesCase, KitCase, PrefaceCase, RecordCase } from '../reference/kit/case.ts';
import { fromBase64, KIT_FILES, kitCases } from './kit-files.ts';
import { handshakeVerdict } from './production-handshake.ts';
import { connectionVerdict, sessionVerdict } from './production-session.ts';

const all = KIT_FILES.flatMap((name) => kitCases(name).map((kitCase) => ({ name, kitCase })));

test('the kit has at least 150 cases, each with a name of its own in its file and a code', () => {
  const names = all.map(({ name, kitCase }) => `${name} ${kitCase.kind} ${kitCase.name}`);
  console.log(
    `conformance kit: ${all.length} cases, ${all.filter(({ kitCase }) => kitCase.code === 'ok').length} of them ok`,
  );

  expect(all.length).toBeGreaterThanOrEqual(150);
  expect(new Set(names).size).toBe(all.length);
});

test.each(all)(
  'this program gives the result of the conformance kit: $name, $kitCase.name (CRY-01)',
  ({ kitCase }) => {
    for (const verdict of verdictsOf(kitCase)) expect(kitCase).toMatchObject(verdict);
  },
);

/** What this program does with a case; some cases are run in more ways than one. */
function verdictsOf(kitCase: KitCase): readonly object[] {
  switch (kitCase.kind) {
    case 'preface':
      return [prefaceVerdict(kitCase)];
    case 'frames':
      return [framesVerdict(kitCase, 100_000), framesVerdict(kitCase, 1)];
    case 'handshake':
      return [handshakeVerdict(kitCase)];
    case 'record':
      return [recordVerdict(kitCase)];
    case 'session':
      return [sessionVerdict(kitCase)];
    case 'envelope':
      return [envelopeVerdict(kitCase)];
    case 'connection':
      return [connectionVerdict(kitCase, 100_000), connectionVerdict(kitCase, 7)];
  }
}

const bytesOf = (hex: string): Bytes => decodeHex(hex) ?? new Uint8Array();

function prefaceVerdict({ bytes }: PrefaceCase) {
  const prefix = checkPrefacePrefix(bytesOf(bytes));
  if (!prefix.ok) return { code: prefix.failure.code };
  const whole = decodePreface(bytesOf(bytes));
  return { code: 'ok', mode: whole.ok ? whole.value : 'incomplete' };
}

function framesVerdict({ stream, lengths }: FramesCase, pieceLength: number) {
  const reader = new StreamReader();
  const bodies: string[] = [];
  const bytes = bytesOf(stream);
  for (let from = 0; from < bytes.length; from += pieceLength) {
    reader.push(bytes.slice(from, from + pieceLength));
    let frame = reader.nextFrame(lengths[bodies.length]);
    for (; frame.type === 'frame'; frame = reader.nextFrame(lengths[bodies.length]))
      bodies.push(encodeHex(frame.body));
    if (frame.type === 'failed') return { code: frame.failure.code, bodies };
  }
  return { code: 'ok', bodies };
}

function recordVerdict({ key, n, bodies }: RecordCase) {
  const opener = new RecordOpener(native, bytesOf(key), n);
  for (const [at, body] of bodies.entries()) {
    const opened = opener.open(fromBase64(body));
    if (!opened.ok) return { code: opened.failure.code, at };
  }
  return { code: 'ok', at: bodies.length - 1 };
}

function envelopeVerdict({ h, dir, enc, mac, envelopes }: EnvelopeCase) {
  const opener = new EnvelopeOpener({
    primitives: native,
    encKey: bytesOf(enc),
    macKey: bytesOf(mac),
    handshakeHash: bytesOf(h),
    direction: dir,
  });
  const plaintexts: string[] = [];
  for (const [at, { seq, text, hex }] of envelopes.entries()) {
    const opened = opener.open(text === undefined ? bytesOf(hex ?? '') : encodeUtf8(text), seq);
    if (!opened.ok) return { code: opened.failure.code, at, plaintexts };
    plaintexts.push(encodeHex(opened.value.plaintext));
  }
  return { code: 'ok', at: envelopes.length - 1, plaintexts };
}
