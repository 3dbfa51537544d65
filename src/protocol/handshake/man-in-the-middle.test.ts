import { expect, test } from 'vitest';
import { fastSeededEntropy } from '../../testing/entropy.ts';
import { enrolPair, prefaceBytes, seededKeyPair } from '../../testing/handshake-pair.ts';
import type { Bytes } from '../../base/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import type { HandshakePair } from '../../testing/handshake-pair.ts';
import { HandshakeState } from './handshake-state.ts';
import type { Role } from './pattern.ts';
import { ALGORITHMS, ENROL_PATTERN, prologue } from './suites.ts';

const NOTHING = new Uint8Array(0);

test('who relays the password proof between two channels of his own fails at the first tag (CRY-10)', () => {
  const { initiator: alice, responder: bob } = enrolPair({
    alice: fastSeededEntropy(11),
    bob: fastSeededEntropy(12),
  });
  const towardsAlice = malloryChannel('responder', 13);
  const towardsBob = malloryChannel('initiator', 14);
  const pake1 = openChannels({ initiator: alice, responder: bob }, towardsAlice, towardsBob);

  const [fromAlice, toAlice] = towardsAlice.split();
  const [toBob, fromBob] = towardsBob.split();
  const relay = (
    body: Bytes,
    from: { decryptWithAd(ad: Bytes, body: Bytes): Bytes | undefined },
    to: { encryptWithAd(ad: Bytes, body: Bytes): Bytes },
  ) => to.encryptWithAd(NOTHING, from.decryptWithAd(NOTHING, body)!);
  const pake2 = ok(bob.receive(relay(pake1, fromAlice, toBob))).send[0]!;
  const told = alice.receive(relay(pake2, fromBob, toAlice));

  expect(told).toMatchObject({ ok: false, failure: { code: 'pake-confirm' } });
});

/** Three messages on each side; alice's PAKE1, as she sent it to the one in the middle. */
function openChannels(pair: HandshakePair, towardsAlice: HandshakeState, towardsBob: HandshakeState): Bytes {
  pair.responder.start();
  ok(towardsAlice.readMessage(ok(pair.initiator.start()).send[0]!));
  const [message3, pake1] = ok(pair.initiator.receive(ok(towardsAlice.writeMessage(NOTHING)))).send;
  ok(towardsAlice.readMessage(message3!));
  const message2 = ok(pair.responder.receive(ok(towardsBob.writeMessage(NOTHING)))).send[0]!;
  ok(towardsBob.readMessage(message2));
  ok(pair.responder.receive(ok(towardsBob.writeMessage(NOTHING))));
  return pake1!;
}

function malloryChannel(role: Role, seed: number): HandshakeState {
  return new HandshakeState({
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(seed),
    pattern: ENROL_PATTERN,
    algorithms: ALGORITHMS,
    role,
    prologue: prologue(prefaceBytes(1)),
    localStatic: seededKeyPair(15),
  });
}

function ok<Value>(result: { readonly ok: true; readonly value: Value } | { readonly ok: false }): Value {
  if (!result.ok) throw new Error('the step was refused');
  return result.value;
}
