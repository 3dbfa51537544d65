import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeHex, encodeHex, encodeUtf8, type Bytes } from '../../base/index.ts';
import { nativePrimitives as native } from '../../primitives/index.ts';
import {
  ALICE,
  BOB,
  enrolPair,
  prefaceBytes,
  runHandshake,
  seededBytes,
  sessionPair,
} from '../../testing/index.ts';
import { seededEntropy } from '../../../test/seeded-entropy.ts';
import { calculateGenerator, calculateIsk, calculateShare, lvCat, transcriptIr } from './cpace.ts';
import { HandshakeState } from './handshake-state.ts';
import { enrolKeys, exporterSecret, passwordString, responderData, sessionSecret } from './key-schedule.ts';
import type { Role } from './pattern.ts';
import { ALGORITHMS, ENROL_PATTERN, prologue, SESSION_PATTERN } from './suites.ts';

const FILE = join(import.meta.dirname, '../../../spec/vectors/02-handshake.json');
const USERS = { userI: encodeUtf8('alice'), userR: encodeUtf8('bob') };

test('spec/vectors/02-handshake.json is what this program computes, value by value (CRY-01)', async () => {
  const enrol = enrolVector();
  const session = sessionVector(decodeHex(enrol.values.pair_psk)!);
  const vectors = {
    comment:
      'Alice dials Bob. Hex. A peer with these inputs makes these bytes; spec/02-handshake.md names the values.',
    enrol,
    session,
  };
  await expect(`${JSON.stringify(vectors, null, 2)}\n`).toMatchFileSnapshot(FILE);
});

function enrolVector() {
  const outcome = runHandshake(enrolPair({ alice: seededEntropy(21), bob: seededEntropy(22) }));
  const [drawA, drawB] = [seededBytes(21), seededBytes(22)];
  const inputs = {
    ...commonInputs(1),
    password_I: 'hare',
    password_R: 'tortoise',
    ephemeral_I: encodeHex(drawA(32)),
    kem_seed_I: encodeHex(drawA(64)),
    pake_scalar_I: encodeHex(drawA(32)),
    ephemeral_R: encodeHex(drawB(32)),
    kem_message_R: encodeHex(drawB(32)),
    pake_scalar_R: encodeHex(drawB(32)),
  };
  const [ya, yb] = [decodeHex(inputs.pake_scalar_I)!, decodeHex(inputs.pake_scalar_R)!];
  const noise = runNoise('enrol');
  const h = noise.handshakeHash;
  const ck = noise.chainingKey;
  const prs = passwordString(native, USERS, { pwI: encodeUtf8('hare'), pwR: encodeUtf8('tortoise') });
  const g = calculateGenerator(native, { prs, ci: lvCat(USERS.userI, USERS.userR), sid: h });
  const [shareA, shareB] = [calculateShare(native, ya, g), calculateShare(native, yb, g)];
  const transcript = transcriptIr(shareA, prefaceBytes(1), shareB, responderData(prefaceBytes(1)));
  const isk = calculateIsk(native, { scalar: ya, remoteShare: shareB, sid: h, transcript })!;
  const exs = exporterSecret(native, ck);
  const keys = enrolKeys(native, { isk, exs, handshakeHash: h, transcript });
  expect(outcome.initiator).toMatchObject({
    sessionSecret: keys.sessionSecret,
    pairPsk: keys.pairPsk,
    handshakeHash: h,
  });
  expect(outcome.responder?.sessionSecret).toEqual(keys.sessionSecret);
  return {
    protocol: 'Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256',
    inputs,
    frames: framesOf(outcome.messages, ['message1', 'message2', 'message3', 'PAKE1', 'PAKE2', 'PAKE3']),
    values: hexOf({
      h,
      ck,
      PRS: prs,
      CI: lvCat(USERS.userI, USERS.userR),
      g,
      Ya: shareA,
      Yb: shareB,
      transcript,
      ISK: isk,
      EXS: exs,
      Tb: keys.tagR,
      Ta: keys.tagI,
      pair_psk: keys.pairPsk,
      SS: keys.sessionSecret,
    }),
  };
}

function sessionVector(pairPsk: Bytes) {
  const pair = sessionPair({
    alice: seededEntropy(23),
    bob: seededEntropy(24),
    alicePsk: pairPsk,
    bobPsk: pairPsk,
  });
  const outcome = runHandshake(pair);
  const [drawA, drawB] = [seededBytes(23), seededBytes(24)];
  const inputs = {
    ...commonInputs(2),
    pair_psk: encodeHex(pairPsk),
    ephemeral_I: encodeHex(drawA(32)),
    kem_seed_I: encodeHex(drawA(64)),
    ephemeral_R: encodeHex(drawB(32)),
    kem_message_R: encodeHex(drawB(32)),
  };
  const noise = runNoise('session', pairPsk, outcome.messages);
  const [h, ck] = [noise.handshakeHash, noise.chainingKey];
  const exs = exporterSecret(native, ck);
  const secret = sessionSecret(native, h, exs);
  expect(outcome.initiator).toMatchObject({ sessionSecret: secret, handshakeHash: h });
  expect(outcome.responder?.sessionSecret).toEqual(secret);
  return {
    protocol: 'Noise_XKhfs+psk3_25519+MLKEM768_ChaChaPoly_SHA256',
    inputs,
    frames: framesOf(outcome.messages, ['message1', 'message2', 'message3']),
    values: hexOf({ h, ck, EXS: exs, SS: secret }),
  };
}

/** The Noise part alone, from the same seeds: it shows ck, which the composed machines never give away. */
function runNoise(mode: 'enrol' | 'session', psk?: Bytes, frames?: readonly Bytes[]): HandshakeState {
  const side = (role: Role, seed: number): HandshakeState =>
    new HandshakeState({
      primitives: native,
      entropy: seededEntropy(seed),
      pattern: mode === 'enrol' ? ENROL_PATTERN : SESSION_PATTERN,
      algorithms: ALGORITHMS,
      role,
      prologue: prologue(prefaceBytes(mode === 'enrol' ? 1 : 2)),
      localStatic: role === 'initiator' ? ALICE : BOB,
      ...(psk === undefined ? {} : { psks: [psk] }),
      ...(psk !== undefined && role === 'initiator' ? { remoteStatic: BOB.publicKey } : {}),
    });
  const [initiator, responder] = [
    side('initiator', mode === 'enrol' ? 21 : 23),
    side('responder', mode === 'enrol' ? 22 : 24),
  ];
  const none = new Uint8Array(0);
  const pass = (from: HandshakeState, to: HandshakeState, payload: Bytes): Bytes => {
    const message = from.writeMessage(payload);
    if (!message.ok || !to.readMessage(message.value).ok) throw new Error('the Noise part failed');
    return message.value;
  };
  pass(initiator, responder, none);
  pass(responder, initiator, none);
  if (frames === undefined) pass(initiator, responder, none);
  else if (!responder.readMessage(frames[2]!).ok) throw new Error('message 3 is not the composed machine’s');
  return responder;
}

function commonInputs(mode: 1 | 2) {
  return {
    preface: encodeHex(prefaceBytes(mode)),
    user_I: 'alice',
    user_R: 'bob',
    static_I: encodeHex(ALICE.secret),
    static_R: encodeHex(BOB.secret),
  };
}

function framesOf(messages: readonly Bytes[], names: readonly string[]): Record<string, string> {
  expect(messages).toHaveLength(names.length);
  return Object.fromEntries(names.map((name, index) => [name, encodeHex(messages[index]!)]));
}

function hexOf<Name extends string>(values: Readonly<Record<Name, Bytes>>): Record<Name, string> {
  return Object.fromEntries(
    Object.entries<Bytes>(values).map(([name, value]) => [name, encodeHex(value)]),
  ) as Record<Name, string>;
}
