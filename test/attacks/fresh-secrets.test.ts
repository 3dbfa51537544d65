import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeHex, type Bytes } from '../../src/base/index.ts';
import { systemEntropy } from '../../src/primitives/index.ts';
import { enrolPair, fastSeededEntropy, runHandshake, sessionPair } from '../../src/testing/index.ts';

const SRC = join(import.meta.dirname, '../../src');

test('secrets come from node:crypto and from nowhere else (CRY-19)', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing'),
  );
  expect(files.length).toBeGreaterThan(100);
  const code = (name: string): string =>
    readFileSync(join(SRC, name), 'utf8').replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
  expect(files.filter((name) => /Math\.random|getRandomValues/.test(code(name)))).toEqual([]);
  const drawing = files.filter((name) => /\brandom(?:Bytes|UUID|Int|Fill)/.test(code(name)));
  expect(drawing).toContain(join('primitives', 'native-entropy.ts'));
  for (const name of drawing)
    expect(code(name), name).toMatch(/import \{[^}]*random[^}]*\} from 'node:crypto'/);
});

test('no two of 200 handshakes share an ephemeral key, a KEM key, a ciphertext or a hash (CRY-19)', () => {
  const seen = new Set<string>();
  const note = (...parts: readonly Bytes[]): void => parts.forEach((part) => seen.add(encodeHex(part)));
  for (let i = 0; i < 100; i++) {
    for (const pair of [enrolPair, sessionPair]) {
      const outcome = runHandshake(pair({ alice: systemEntropy, bob: systemEntropy }));
      const [message1, message2] = outcome.messages;
      note(
        message1!.subarray(0, 32),
        message1!.subarray(32),
        message2!.subarray(0, 32),
        message2!.subarray(32),
      );
      note(outcome.initiator!.handshakeHash);
    }
  }
  expect(seen.size).toBe(200 * 5);
});

test.each([
  ['enrol', enrolPair],
  ['session', sessionPair],
] as const)(
  '%s: a machine that wakes from a snapshot and repeats its dice uses no key twice, because its peer’s are fresh (CRY-19)',
  (mode, pair) => {
    const first = runHandshake(pair({ alice: fastSeededEntropy(1), bob: fastSeededEntropy(2) }));
    const again = runHandshake(pair({ alice: fastSeededEntropy(1), bob: fastSeededEntropy(3) }));
    // The initiator's first message is the same: it reveals a repeated ephemeral, and nothing else.
    expect(first.messages[0]).toEqual(again.messages[0]);
    const rest = (messages: readonly Bytes[]): readonly string[] =>
      messages.slice(1).map((body) => encodeHex(body));
    expect(rest(first.messages).filter((body) => rest(again.messages).includes(body))).toEqual([]);
    expect(first.initiator!.sessionSecret).not.toEqual(again.initiator!.sessionSecret);
    expect(first.initiator!.handshakeHash).not.toEqual(again.initiator!.handshakeHash);
    // The other way round: the listener repeats, the dialler is fresh.
    const third = runHandshake(pair({ alice: fastSeededEntropy(4), bob: fastSeededEntropy(2) }));
    expect(rest(third.messages).filter((body) => rest(first.messages).includes(body))).toEqual([]);
    expect(third.responder!.sessionSecret).not.toEqual(first.responder!.sessionSecret);
    expect(mode === 'enrol').toBe(third.responder!.pairPsk !== undefined);
  },
);
