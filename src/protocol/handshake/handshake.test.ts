import { describe, expect, test } from 'vitest';
import { encodeHex, encodeUtf8, failure, type Bytes } from '../../base/index.ts';
import type { Entropy } from '../../crypto/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import {
  ALICE,
  BOB,
  enrolPair,
  fastSeededEntropy,
  PAIR_PSK,
  prefaceBytes,
  runHandshake,
  sessionPair,
  type HandshakePair,
  type HandshakePairOptions,
} from '../../testing/index.ts';
import { enrolResponder, type Established } from './index.ts';

const seeds = (seed = 1): Pick<HandshakePairOptions, 'alice' | 'bob'> => ({
  alice: fastSeededEntropy(2 * seed),
  bob: fastSeededEntropy(2 * seed + 1),
});

function expectAgreement(one: Established, other: Established): void {
  expect(encodeHex(one.sessionSecret)).toBe(encodeHex(other.sessionSecret));
  expect(encodeHex(one.handshakeHash)).toBe(encodeHex(other.handshakeHash));
  expect([one.localName, one.remoteName]).toEqual([other.remoteName, other.localName]);
  expect([one.sessionSecret.length, one.handshakeHash.length]).toEqual([32, 32]);
}

describe('enrol', () => {
  test('two strangers with the same two passwords agree on keys and names, in frames of fixed lengths (FRM-01)', () => {
    const { messages, initiator, responder, failure } = runHandshake(enrolPair(seeds()));
    expect(failure).toBeUndefined();
    expect(messages.map(({ length }) => length)).toEqual([1216, 1200, 64, 181, 81, 49]);
    expectAgreement(initiator!, responder!);
    expect(initiator!.pairPsk).toEqual(responder!.pairPsk);
    expect(encodeHex(initiator!.pairPsk!)).not.toBe(encodeHex(initiator!.sessionSecret));
    expect(initiator!.remoteStatic).toEqual(BOB.publicKey);
    expect(responder!.remoteStatic).toEqual(ALICE.publicKey);
  });

  test('the PAKE is announced to each side when it begins', () => {
    const { initiator, responder } = enrolPair(seeds());
    responder.start();
    const [message1] = sendOf(initiator.start());
    const [message2] = sendOf(responder.receive(message1!));
    const flight = initiator.receive(message2!);
    expect(flight).toMatchObject({
      ok: true,
      value: { pakeStarted: { remoteName: 'bob', remoteStatic: BOB.publicKey } },
    });
    const [message3, pake1] = sendOf(flight);
    expect(responder.receive(message3!)).toEqual({ ok: true, value: { send: [] } });
    expect(responder.receive(pake1!)).toMatchObject({
      ok: true,
      value: { pakeStarted: { remoteName: 'alice', remoteStatic: ALICE.publicKey } },
    });
  });

  test('a wrong password of either side is found by the dialler: pake-confirm (CRY-10, CRY-21)', () => {
    for (const bobPasswords of [
      { pwI: 'hase', pwR: 'tortoise' },
      { pwI: 'hare', pwR: 'turtle' },
      { pwI: 'tortoise', pwR: 'hare' },
      { pwI: '', pwR: '' },
    ]) {
      const outcome = runHandshake(enrolPair({ ...seeds(), bobPasswords }));
      expect(outcome.failure).toMatchObject({ side: 'initiator', failure: { code: 'pake-confirm' } });
      expect([outcome.initiator, outcome.responder]).toEqual([undefined, undefined]);
      expect(outcome.messages).toHaveLength(5);
    }
  });

  test('a name that is not ours is refused only after the whole work (CRY-13)', () => {
    const outcome = runHandshake(enrolPair({ ...seeds(), bobName: 'carol' }));
    expect(outcome.failure).toMatchObject({ side: 'responder', failure: { code: 'pake-confirm' } });
    expect(outcome.messages).toHaveLength(6);
    expect(outcome.responder).toBeUndefined();
  });

  test('a directory key that is not the peer’s ends it before PAKE1', () => {
    const outcome = runHandshake(enrolPair({ ...seeds(), expectedKey: ALICE.publicKey }));
    expect(outcome.failure).toMatchObject({ side: 'initiator', failure: { code: 'handshake-key' } });
    expect(outcome.messages).toHaveLength(2);
    expect(runHandshake(enrolPair({ ...seeds(), expectedKey: BOB.publicKey })).failure).toBeUndefined();
  });

  test('the authority gets the claim and may close before anything is computed for PAKE2 (CRY-11)', () => {
    const claims: unknown[] = [];
    const entropy = fastSeededEntropy(9);
    let drawn = 0;
    const responder = enrolResponder({
      primitives: nativePrimitives,
      entropy: { ...entropy, bytes: (length) => (drawn++, entropy.bytes(length)) },
      preface: prefaceBytes(1),
      localName: 'bob',
      localStatic: BOB,
      authority: {
        passwordsFor: (claim) => {
          claims.push(claim);
          drawn = 0;
          return failure('guess-budget', 'Too many.');
        },
      },
    });
    const outcome = runHandshake({ initiator: enrolPair(seeds()).initiator, responder });
    expect(outcome.failure).toMatchObject({ side: 'responder', failure: { code: 'guess-budget' } });
    expect([outcome.messages.length, drawn], 'no scalar was drawn').toEqual([4, 0]);
    expect(claims).toEqual([
      { userI: encodeUtf8('alice'), userR: encodeUtf8('bob'), remoteStatic: ALICE.publicKey },
    ]);
  });
});

describe('session', () => {
  test('a pinned pair agrees on keys, in frames of fixed lengths (FRM-01)', () => {
    const { messages, initiator, responder, failure } = runHandshake(sessionPair(seeds()));
    expect(failure).toBeUndefined();
    expect(messages.map(({ length }) => length)).toEqual([1248, 1152, 196]);
    expectAgreement(initiator!, responder!);
    expect(initiator!.pairPsk).toBeUndefined();
  });

  test('another psk is refused at message 3 (CRY-09)', () => {
    const bobPsk = PAIR_PSK.map((byte) => byte ^ 1);
    const outcome = runHandshake(sessionPair({ ...seeds(), bobPsk }));
    expect(outcome.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-decrypt' } });
    expect(outcome.responder).toBeUndefined();
  });

  test('a changed key of the responder is refused by its first message (CRY-08)', () => {
    const outcome = runHandshake(sessionPair({ ...seeds(), bobStatic: ALICE, aliceStatic: BOB }));
    expect(outcome.failure?.failure.code).toBe('handshake-self');
    const other = { secret: PAIR_PSK, publicKey: nativePrimitives.x25519PublicKey(PAIR_PSK) };
    const changed = runHandshake(sessionPair({ ...seeds(), bobStatic: other }));
    expect(changed.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-decrypt' } });
    expect(changed.messages).toHaveLength(1);
  });

  test('names that are not those of the pin are refused (CRY-18)', () => {
    for (const wrong of [{ pinnedName: 'mallory' }, { bobName: 'carol' }]) {
      const outcome = runHandshake(sessionPair({ ...seeds(), ...wrong }));
      expect(outcome.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-names' } });
    }
  });
});

describe('both', () => {
  test.each([
    ['enrol', enrolPair, [1216, undefined, 1216, 1200, 64, 181, 81, 49]],
    ['session', sessionPair, [1248, undefined, 1248, 1152, 196]],
  ] as const)('%s: each side says what it waits for, and nothing after the end', (_, makePair, lengths) => {
    const pair = makePair(seeds());
    const waits: unknown[] = [pair.responder.expectedLength, pair.initiator.expectedLength];
    expect([pair.initiator.step, pair.responder.step]).toEqual(['noise', 'first']);
    const peek = watch(pair, waits);
    expect(runHandshake(peek).failure).toBeUndefined();
    expect(waits).toEqual(lengths);
    for (const side of [pair.initiator, pair.responder]) {
      expect(side.step).toBe('done');
      expect(side.expectedLength).toBeUndefined();
      expect(side.receive(new Uint8Array(64)).ok).toBe(false);
      expect(side.start().ok).toBe(false);
    }
  });

  test.each([
    ['enrol', enrolPair, 6],
    ['session', sessionPair, 3],
  ] as const)(
    '%s: a frame one byte short or long kills the machine for good (FRM-01, FRM-05)',
    (_, makePair, count) => {
      for (let index = 0; index < count; index++) {
        for (const resize of [shorter, longer]) {
          const pair = makePair(seeds());
          const original: Bytes[] = [];
          const outcome = runHandshake(pair, (body, at) => {
            if (at === index) original.push(body);
            return at === index ? resize(body) : body;
          });
          expect(outcome.failure?.failure.code).toBe('frame-length');
          const victim = outcome.failure!.side === 'initiator' ? pair.initiator : pair.responder;
          expect(victim.receive(original[0]!).ok).toBe(false);
          expect([victim.step, victim.expectedLength]).toEqual(['done', undefined]);
        }
      }
    },
  );

  test('a wiped machine is dead', () => {
    const { initiator, responder } = sessionPair(seeds());
    const [message1] = sendOf(initiator.start());
    responder.start();
    responder.wipe();
    expect(responder.receive(message1!).ok).toBe(false);
    initiator.wipe();
    expect(initiator.expectedLength).toBeUndefined();
  });

  test.each([
    ['enrol', enrolPair],
    ['session', sessionPair],
  ] as const)('%s: every ephemeral secret is overwritten at the end, good or bad', (_, makePair) => {
    for (const edit of [(body: Bytes) => body, shorterLast]) {
      const drawn: Bytes[] = [];
      const noting = (seed: number): Entropy => {
        const source = fastSeededEntropy(seed);
        const note = (secret: Bytes): Bytes => (drawn.push(secret), secret);
        return {
          bytes: (length) => note(source.bytes(length)),
          mlKem768KeyPair: () => {
            const pair = source.mlKem768KeyPair();
            return { ...pair, seed: note(pair.seed) };
          },
          mlKem768Encapsulate: (key) => {
            const sealed = source.mlKem768Encapsulate(key)!;
            return { ...sealed, sharedSecret: note(sealed.sharedSecret) };
          },
        };
      };
      const pair = makePair({ alice: noting(1), bob: noting(2) });
      runHandshake(pair, edit);
      pair.initiator.wipe();
      pair.responder.wipe();
      expect(drawn.length).toBeGreaterThan(3);
      expect(drawn.filter((secret) => secret.some((byte) => byte !== 0))).toEqual([]);
    }
  });

  test('whoever dials itself is told so', () => {
    const enrolled = runHandshake(enrolPair({ ...seeds(), bobStatic: ALICE }));
    expect(enrolled.failure).toMatchObject({ side: 'initiator', failure: { code: 'handshake-self' } });
    expect(enrolled.messages).toHaveLength(2);
  });
});

function sendOf(step: { ok: boolean; value?: { send: readonly Bytes[] } }): readonly Bytes[] {
  return step.value?.send ?? [];
}

function shorter(body: Bytes): Bytes {
  return body.slice(0, -1);
}

/** Spoils the listener's answer to PAKE1, or in a session message 3. */
function shorterLast(body: Bytes): Bytes {
  return body.length === 81 || body.length === 196 ? shorter(body) : body;
}

function longer(body: Bytes): Bytes {
  return new Uint8Array([...body, 0]);
}

/** Notes the length each side waits for before every frame it gets. */
function watch(pair: HandshakePair, waits: unknown[]): HandshakePair {
  const noting = (side: HandshakePair['initiator']): HandshakePair['initiator'] => ({
    get expectedLength() {
      return side.expectedLength;
    },
    get step() {
      return side.step;
    },
    start: () => side.start(),
    receive: (body) => {
      waits.push(side.expectedLength);
      return side.receive(body);
    },
    wipe: () => side.wipe(),
  });
  return { initiator: noting(pair.initiator), responder: noting(pair.responder) };
}
