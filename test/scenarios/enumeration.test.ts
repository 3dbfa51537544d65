import { beforeEach, expect, test } from 'vitest';
import { concatBytes, Secret, type Now } from '../../src/base/index.ts';
import type { Primitives } from '../../src/crypto/index.ts';
import { Engine, type LinkId } from '../../src/engine/index.ts';
import { nativePrimitives } from '../../src/primitives/index.ts';
import { sessionInitiator } from '../../src/protocol/handshake/index.ts';
import { encodeFrame, encodePreface } from '../../src/protocol/wire/index.ts';
import { fastSeededEntropy } from '../../src/testing/entropy.ts';
import { directoryFor, MemoryStore, type SimulatedHome } from '../../src/testing/index.ts';
import { Guesser, PAKE2_FRAME, type Guess, type Target } from './guesser.ts';

// Whoever dials and guesses must not learn who is known here (CRY-13): what bob's program does for a name that he knows and
// for one that he does not is compared call by call, with the length of every argument.

const NOW: Now = { monotonic: 0, wall: 1_700_000_000_000 };
/** As long as the passwords that unknown names get: the one length that differs otherwise. */
const PASSWORD = 'p'.repeat(32);
const stranger = keyPair(50);
const alice = keyPair(51);

interface Bob extends Target {
  readonly calls: string[];
  now: Now;
}

function keyPair(seed: number): SimulatedHome['keys'] {
  const secret = fastSeededEntropy(seed).bytes(32);
  return { secret, publicKey: nativePrimitives.x25519PublicKey(secret) };
}

/** Writes down each primitive's name and the length of its arguments, and calls the real one. */
function counting(calls: string[]): Primitives {
  const counted = Object.entries(nativePrimitives).map(([name, primitive]) => [
    name,
    (...parts: unknown[]) => {
      calls.push(`${name} ${parts.map((part) => (part as { length?: number }).length ?? '-').join(' ')}`);
      return (primitive as (...parts: unknown[]) => unknown).apply(nativePrimitives, parts);
    },
  ]);
  return Object.fromEntries(counted) as Primitives;
}

/** All names have five letters. Bobby has met alice, knows carol and doris, and another key of dora's waits for him. */
function startBob(): Bob {
  const calls: string[] = [];
  const pin = (key: Uint8Array) => ({
    key,
    psk: new Secret(new Uint8Array(32).fill(7)),
    confirmed: true,
    createdWall: 0,
    lastSeenWall: 0,
    verified: 'none' as const,
    minVersion: 1,
    formerKeys: [],
  });
  const engine = new Engine({
    primitives: counting(calls),
    entropy: fastSeededEntropy(1),
    self: 'bobby',
    keys: keyPair(52),
    directory: directoryFor(
      ['alice', 'bobby', 'carol', 'doris', 'erika'].map((username, i) => ({
        username,
        port: 7001 + i,
        password: PASSWORD,
        ...(username === 'erika' ? { key: Buffer.alloc(32, 9).toString('base64') } : {}),
      })),
    ),
    records: [
      { username: 'alice', pin: pin(alice.publicKey) },
      {
        username: 'doris',
        pin: pin(new Uint8Array(32).fill(1)),
        pending: { key: new Uint8Array(32).fill(2), psk: new Secret(new Uint8Array(32)), sinceWall: 0 },
      },
    ],
    ledger: new MemoryStore(),
    lingerMs: 60_000,
    nextLink: () => 0 as LinkId,
  });
  let link = 0;
  const bob: Bob = {
    calls,
    now: NOW,
    input: (input) => [...engine.handle(input, bob.now), ...engine.handle({ type: 'turn-ended' }, bob.now)],
    nextLink: () => ++link as LinkId,
  };
  return bob;
}

const CASES: readonly (readonly [string, Guess])[] = [
  ['a known name with a wrong password', { as: 'carol' }],
  ['an unknown name', { as: 'cyril' }],
  ['a known name at a wrong own name', { as: 'carol', to: 'robby' }],
  ['an unknown name at a wrong own name', { as: 'cyril', to: 'robby' }],
  ['one’s own name', { as: 'bobby' }],
  ['a pinned name with its pinned key (P3)', { as: 'alice', keys: alice }],
  ['a pinned name with another key (P4)', { as: 'alice' }],
  ['a third key, while another waits (P4)', { as: 'doris' }],
  ['a key that is pinned for another name (P5)', { as: 'carol', keys: alice }],
  ['another key than the directory’s', { as: 'erika' }],
];

interface Work {
  readonly calls: readonly string[];
  readonly seen: readonly string[];
}

/** One attempt at a program that has seen nothing yet, or only this very attempt `before` times. */
function workFor(guess: Guess, before: number): Work {
  const bob = startBob();
  const guesser = new Guesser(bob, 'bobby', fastSeededEntropy(2));
  for (let i = 0; i < before; i++)
    guesser.guess({ ...guess, keys: guess.keys ?? stranger, address: `192.0.2.${i}` });
  bob.calls.length = 0;
  const { seen } = guesser.guess({ ...guess, keys: guess.keys ?? stranger });
  return { calls: [...bob.calls], seen };
}

let reference: { readonly heard: Work; readonly refused: Work };
beforeEach(() => {
  reference ??= { heard: workFor({ as: 'carol' }, 0), refused: workFor({ as: 'carol' }, 6) };
});

test('the comparison is of something: an attempt is a hundred calls and ends after PAKE2, or before it', () => {
  expect(reference.heard.calls.length).toBeGreaterThan(50);
  expect(reference.heard.seen).toContain(`write ${PAKE2_FRAME}`);
  expect(reference.heard.seen.at(-1)).toBe('release not-proven');
  expect(reference.refused.seen).not.toContain(`write ${PAKE2_FRAME}`);
  expect(reference.refused.seen.at(-1)).toBe('release guess-budget');
  expect(reference.refused.calls.length, 'nothing of the PAKE').toBeLessThan(
    reference.heard.calls.length - 15,
  );
});

test.each(CASES)('%s: the same calls, the same bytes, the same end (CRY-13)', (_, guess) => {
  expect(workFor(guess, 0)).toEqual(reference.heard);
});

test.each(CASES)('%s: the same when its budget is spent (CRY-13)', (_, guess) => {
  expect(workFor(guess, 6)).toEqual(reference.refused);
});

test('while all budgets are spent, known and unknown names are refused alike', () => {
  const bob = startBob();
  const guesser = new Guesser(bob, 'bobby', fastSeededEntropy(3));
  for (let i = 0; i < 30; i++) guesser.guess({ as: `n${i}`, address: `198.51.100.${i}` });
  const works = CASES.map(([, guess]) => {
    bob.calls.length = 0;
    const { seen } = guesser.guess({
      ...guess,
      keys: guess.keys ?? stranger,
    });
    return { calls: [...bob.calls], seen };
  });
  for (const work of works) expect(work).toEqual(works[0]);
  expect(works[0]?.seen.at(-1)).toBe('release guess-budget');
});

/** Somebody who knows bobby's key dials a session with a psk that is a guess. */
function sessionWorkFor(keys: SimulatedHome['keys'], as: string): Work {
  const bob = startBob();
  const machine = sessionInitiator({
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(4),
    preface: encodePreface('session'),
    localName: as,
    localStatic: keys,
    remoteName: 'bobby',
    remoteStatic: keyPair(52).publicKey,
    pairPsk: new Uint8Array(32),
  });
  const link = bob.nextLink();
  const seen: string[] = [];
  bob.input({ type: 'accepted', link, address: '192.0.2.1', remote: '192.0.2.1' });
  let frames = sent(machine.start());
  let head = encodePreface('session');
  while (frames.length > 0) {
    const outputs = bob.input({ type: 'bytes', link, bytes: concatBytes(head, ...frames.map(encodeFrame)) });
    head = new Uint8Array(0);
    frames = [];
    for (const output of outputs) {
      seen.push(output.type === 'release' ? `release ${output.failure?.code}` : output.type);
      if (output.type === 'write') frames = sent(machine.receive(output.bytes.subarray(2)));
    }
  }
  return { calls: bob.calls, seen };
}

function sent(step: ReturnType<ReturnType<typeof sessionInitiator>['start']>): readonly Uint8Array[] {
  if (!step.ok) throw new Error(step.failure.message);
  return step.value.send;
}

test('a session with a wrong psk: a key that is pinned and one that nobody knows cost the same, whatever the name (CRY-13)', () => {
  const known = sessionWorkFor(alice, 'alice');
  expect(known.seen).toEqual(['write', 'release handshake-decrypt']);
  expect(known.calls.length).toBeGreaterThan(30);
  for (const [keys, as] of [
    [stranger, 'alice'],
    [stranger, 'cyril'],
    [alice, 'carol'],
  ] as const)
    expect(sessionWorkFor(keys, as)).toEqual(known);
});
