import { expect, test } from 'vitest';
import { encodeUtf8, success } from '../../src/base/index.ts';
import type { X25519KeyPair } from '../../src/crypto/index.ts';
import { nativePrimitives } from '../../src/primitives/index.ts';
import {
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type Mode,
} from '../../src/protocol/handshake/index.ts';
import { encodePreface } from '../../src/protocol/wire/index.ts';
import {
  ALICE,
  BOB,
  fastSeededEntropy,
  PAIR_PSK,
  runHandshake,
  seededKeyPair,
} from '../../src/testing/index.ts';

// Key compromise impersonation: the thief holds everything of alice, her static secret and the psk that she shares with
// bob, and wants to be bob towards her. He has no secret of bob's, so he shows bob's public key over a secret of his own.

const THIEF: X25519KeyPair = { secret: seededKeyPair(77).secret, publicKey: BOB.publicKey };

const base = (mode: Mode, seed: number) => ({
  primitives: nativePrimitives,
  entropy: fastSeededEntropy(seed),
  preface: encodePreface(mode),
});
const alice = (mode: Mode) => ({ ...base(mode, 1), localName: 'alice', localStatic: ALICE });
const bob = (mode: Mode, localStatic: X25519KeyPair) => ({ ...base(mode, 2), localName: 'bob', localStatic });
const authority = { pskFor: () => PAIR_PSK, nameFor: () => 'bob' };
const passwords = { pwI: encodeUtf8('hare'), pwR: encodeUtf8('tortoise') };

test('with her key and their psk, a thief who answers alice’s session in bob’s place cannot read message 1 (CRY-09)', () => {
  const dial = { ...alice('session'), remoteName: 'bob', remoteStatic: BOB.publicKey, pairPsk: PAIR_PSK };
  const answer = (keys: X25519KeyPair) =>
    sessionResponder({ ...bob('session', keys), authority: { ...authority, nameFor: () => 'alice' } });
  const stolen = runHandshake({ initiator: sessionInitiator(dial), responder: answer(THIEF) });
  expect(stolen.messages).toHaveLength(1);
  expect(stolen.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-decrypt' } });
  const honest = runHandshake({ initiator: sessionInitiator(dial), responder: answer(BOB) });
  expect(honest.responder?.remoteName).toBe('alice');
});

test('with her key and their psk, a thief who dials alice as bob is refused at message 3 (CRY-09)', () => {
  const answer = () => sessionResponder({ ...alice('session'), authority });
  const dial = (keys: X25519KeyPair) =>
    sessionInitiator({
      ...bob('session', keys),
      remoteName: 'alice',
      remoteStatic: ALICE.publicKey,
      pairPsk: PAIR_PSK,
    });
  const stolen = runHandshake({ initiator: dial(THIEF), responder: answer() });
  expect(stolen.responder).toBeUndefined();
  expect(stolen.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-decrypt' } });
  expect(runHandshake({ initiator: dial(BOB), responder: answer() }).responder?.remoteName).toBe('bob');
});

test('with her key and both passwords, a thief cannot enrol under a key that is not his, in either role (CRY-09)', () => {
  const asListener = runHandshake({
    initiator: enrolInitiator({
      ...alice('enrol'),
      remoteName: 'bob',
      passwords: { own: 'hare', peer: 'tortoise' },
      expectedKey: BOB.publicKey,
    }),
    responder: enrolResponder({
      ...bob('enrol', THIEF),
      authority: { passwordsFor: () => success(passwords) },
    }),
  });
  expect(asListener.failure).toMatchObject({ side: 'initiator', failure: { code: 'handshake-decrypt' } });
  const asDialler = runHandshake({
    initiator: enrolInitiator({
      ...bob('enrol', THIEF),
      remoteName: 'alice',
      passwords: { own: 'hare', peer: 'tortoise' },
    }),
    responder: enrolResponder({ ...alice('enrol'), authority: { passwordsFor: () => success(passwords) } }),
  });
  expect(asDialler.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-decrypt' } });
  expect([asListener.initiator, asDialler.responder]).toEqual([undefined, undefined]);
});
