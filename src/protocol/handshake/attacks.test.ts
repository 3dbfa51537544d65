import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeUtf8, type Bytes } from '../../base/index.ts';
import type { X25519KeyPair } from '../../crypto/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import {
  ALICE,
  BOB,
  enrolPair,
  fastSeededEntropy,
  PAIR_PSK,
  prefaceBytes,
  runHandshake,
  seededBytes,
  sessionPair,
  type HandshakeOutcome,
  type HandshakePair,
} from '../../testing/index.ts';
import { HandshakeState } from './handshake-state.ts';
import { encodeNames } from './names.ts';
import type { Role } from './pattern.ts';
import { ALGORITHMS, ENROL_PATTERN, prologue, SESSION_PATTERN } from './suites.ts';

type Mode = 'enrol' | 'session';

const MODES = ['enrol', 'session'] as const;
const COUNT = { enrol: 6, session: 3 } as const;
const LOW_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  // Not of low order, but not canonical: 9 and 1 with the top bit, and the prime plus 9.
  '0900000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((point) => decodeHex(point)!);

let nextSeed = 1000;

function freshPair(mode: Mode): HandshakePair {
  const entropies = { alice: fastSeededEntropy(nextSeed++), bob: fastSeededEntropy(nextSeed++) };
  return mode === 'enrol' ? enrolPair(entropies) : sessionPair(entropies);
}

/** Whoever got the last frame must not believe it; and before the last frame neither side may believe anything. */
function isRefused(outcome: HandshakeOutcome, mode: Mode, index: number): boolean {
  const isLast = index === COUNT[mode] - 1;
  return (
    outcome.failure !== undefined &&
    outcome.responder === undefined &&
    (outcome.initiator === undefined || isLast)
  );
}

describe.each(MODES)('%s under attack', (mode) => {
  test('300 flipped bits, spread over all frames, are all refused (CRY-03)', () => {
    const draw = seededBytes(mode === 'enrol' ? 41 : 42);
    const number = (below: number): number => new DataView(draw(4).buffer).getUint32(0) % below;
    for (let round = 0; round < 300; round++) {
      const index = round % COUNT[mode];
      const outcome = runHandshake(freshPair(mode), (body, at) => {
        if (at !== index) return body;
        const flipped = body.slice();
        const bit = number(8 * body.length);
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        return flipped;
      });
      expect([index, isRefused(outcome, mode, index)]).toEqual([index, true]);
    }
  });

  test('a frame of another handshake of the same pair is refused in every place (CRY-06)', () => {
    for (let index = 0; index < COUNT[mode]; index++) {
      const other = runHandshake(freshPair(mode)).messages;
      const outcome = runHandshake(freshPair(mode), (body, at) => (at === index ? other[index]! : body));
      expect(isRefused(outcome, mode, index)).toBe(true);
    }
  });

  test('a whole recorded handshake, played to a listener again, proves nothing (CRY-04)', () => {
    const recorded = runHandshake(freshPair(mode)).messages;
    const { responder } = freshPair(mode);
    responder.start();
    expect(responder.receive(recorded[0]!)).toMatchObject({ ok: true });
    expect(responder.receive(recorded[2]!)).toMatchObject({
      ok: false,
      failure: { code: 'handshake-decrypt' },
    });
  });

  test('message 1 a second time, in the place of message 3, is refused (CRY-04)', () => {
    const { messages } = runHandshake(freshPair(mode));
    for (const fit of [(body: Bytes) => body, fitTo]) {
      const again = runHandshake(freshPair(mode), (body, at) =>
        at === 2 ? fit(messages[0]!, body.length) : body,
      );
      expect(again.failure?.side).toBe('responder');
      expect(again.responder).toBeUndefined();
    }
  });

  test('a frame sent back to its sender is refused, also when cut or filled to the right length (CRY-05)', () => {
    for (let index = 0; index < COUNT[mode] - 1; index++) {
      for (const fit of [(body: Bytes) => body, fitTo]) {
        let reflected: Bytes | undefined;
        const outcome = runHandshake(freshPair(mode), (body, at) => {
          if (at === index) reflected = body;
          return at === index + 1 ? fit(reflected!, body.length) : body;
        });
        expect([index, isRefused(outcome, mode, index + 1)]).toEqual([index, true]);
      }
    }
  });

  test('any other preface makes the first encrypted frame undecryptable (CRY-07)', () => {
    for (let byte = 0; byte < 8; byte++) {
      const preface = prefaceBytes(mode === 'enrol' ? 1 : 2);
      preface[byte] = preface[byte]! ^ 1;
      const entropies = { alice: fastSeededEntropy(nextSeed++), bob: fastSeededEntropy(nextSeed++) };
      const pair =
        mode === 'enrol'
          ? enrolPair({ ...entropies, bobPreface: preface })
          : sessionPair({ ...entropies, bobPreface: preface });
      const outcome = runHandshake(pair);
      expect(outcome.failure).toMatchObject({
        side: mode === 'enrol' ? 'initiator' : 'responder',
        failure: { code: 'handshake-decrypt' },
      });
    }
  });

  test('an ephemeral of low order or in a second encoding is refused in messages 1 and 2 (CRY-02)', () => {
    for (const point of LOW_ORDER) {
      for (const index of [0, 1]) {
        const outcome = runHandshake(freshPair(mode), (body, at) =>
          at === index ? concatBytes(point, body.subarray(32)) : body,
        );
        expect(outcome.failure?.failure.code).toBe('handshake-point');
        expect(outcome.failure?.side).toBe(index === 0 ? 'responder' : 'initiator');
      }
    }
  });

  test('a dialler’s static key of low order is refused (CRY-02)', () => {
    for (const publicKey of LOW_ORDER) {
      const attacker = noiseSide(mode, 'initiator', { secret: ALICE.secret, publicKey });
      const { responder } = freshPair(mode);
      responder.start();
      const message2 = responder.receive(written(attacker, new Uint8Array(0)));
      attacker.readMessage(sent(message2));
      const names = encodeNames(encodeUtf8('alice'), encodeUtf8('bob'));
      const message3 = written(attacker, mode === 'enrol' ? new Uint8Array(0) : names);
      expect(responder.receive(message3)).toMatchObject({ ok: false, failure: { code: 'handshake-point' } });
    }
  });
});

describe('enrol under attack from inside the channel', () => {
  test('a listener’s static key of low order is refused (CRY-02)', () => {
    for (const publicKey of LOW_ORDER) {
      const attacker = noiseSide('enrol', 'responder', { secret: BOB.secret, publicKey });
      const { initiator } = freshPair('enrol');
      attacker.readMessage(sent(initiator.start()));
      const step = initiator.receive(written(attacker, new Uint8Array(0)));
      expect(step).toMatchObject({ ok: false, failure: { code: 'handshake-point' } });
    }
  });

  test('a PAKE share of low order or in a second encoding is refused by both sides (CRY-02)', () => {
    const names = encodeNames(encodeUtf8('alice'), encodeUtf8('bob'));
    for (const point of LOW_ORDER) {
      const toBob = insideChannel(concatBytes(Uint8Array.of(1), names, point));
      expect(toBob).toMatchObject({ ok: false, failure: { code: 'handshake-point' } });
      const toAlice = answerFromInside(concatBytes(Uint8Array.of(2), point, new Uint8Array(32)));
      expect(toAlice).toMatchObject({ ok: false, failure: { code: 'handshake-point' } });
    }
  });

  test('a guess is refused by the listener although the channel is good (CRY-11)', () => {
    const names = encodeNames(encodeUtf8('alice'), encodeUtf8('bob'));
    const share = BOB.publicKey;
    const guess = insideChannel(concatBytes(Uint8Array.of(1), names, share), new Uint8Array(32));
    expect(guess).toMatchObject({ ok: false, failure: { code: 'pake-confirm' } });
  });

  test('malformed PAKE frames are refused with their code', () => {
    const names = encodeNames(encodeUtf8('alice'), encodeUtf8('bob'));
    const crooked = names.slice();
    crooked[131] = 1;
    const share = BOB.publicKey;
    const cases = [
      [concatBytes(Uint8Array.of(2), names, share), 'handshake-payload'],
      [concatBytes(Uint8Array.of(1), crooked, share), 'handshake-names'],
      [concatBytes(Uint8Array.of(1), new Uint8Array(132), share), 'handshake-names'],
    ] as const;
    for (const [pake1, code] of cases) {
      expect(insideChannel(pake1)).toMatchObject({ ok: false, failure: { code } });
    }
    expect(answerFromInside(concatBytes(Uint8Array.of(1), share, share))).toMatchObject({
      ok: false,
      failure: { code: 'handshake-payload' },
    });
    expect(answerFromInside(concatBytes(Uint8Array.of(2), share, share))).toMatchObject({
      ok: false,
      failure: { code: 'pake-confirm' },
    });
  });
});

describe('HandshakeState', () => {
  test('a failed state stays dead, and what is out of turn is our own bug', () => {
    const attacker = noiseSide('enrol', 'responder', BOB);
    expect(() => attacker.writeMessage(new Uint8Array(0))).toThrow('the other side');
    expect(() => attacker.split()).toThrow('unfinished');
    expect(attacker.readMessage(new Uint8Array(1215)).ok).toBe(false);
    expect(attacker.readMessage(new Uint8Array(1216)).ok).toBe(false);
    expect(() => attacker.split()).toThrow('unfinished');
  });

  test('an ML-KEM key that fails FIPS 203’s check is refused (CRY-02)', () => {
    const outcome = runHandshake(freshPair('enrol'), (body, at) =>
      at === 0 ? concatBytes(body.subarray(0, 32), new Uint8Array(1184).fill(0xff)) : body,
    );
    expect(outcome.failure).toMatchObject({ side: 'responder', failure: { code: 'handshake-point' } });
  });
});

/** One side as an attacker may build it: the Noise core with any static key. */
function noiseSide(mode: Mode, role: Role, localStatic: X25519KeyPair): HandshakeState {
  return new HandshakeState({
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(nextSeed++),
    pattern: mode === 'enrol' ? ENROL_PATTERN : SESSION_PATTERN,
    algorithms: ALGORITHMS,
    role,
    prologue: prologue(prefaceBytes(mode === 'enrol' ? 1 : 2)),
    localStatic,
    ...(mode === 'session' ? { remoteStatic: BOB.publicKey, psks: [PAIR_PSK] } : {}),
  });
}

/** What the listener says to a given PAKE1, and to a given Ta if there is one, in an otherwise good enrol. */
function insideChannel(pake1: Bytes, tagI?: Bytes): unknown {
  const attacker = noiseSide('enrol', 'initiator', ALICE);
  const { responder } = freshPair('enrol');
  responder.start();
  attacker.readMessage(sent(responder.receive(written(attacker, new Uint8Array(0)))));
  responder.receive(written(attacker, new Uint8Array(0)));
  const [sending] = attacker.split();
  const answer = responder.receive(sending.encryptWithAd(new Uint8Array(0), pake1));
  if (tagI === undefined) return answer;
  const pake3 = concatBytes(Uint8Array.of(3), tagI);
  return responder.receive(sending.encryptWithAd(new Uint8Array(0), pake3));
}

/** What the dialler says to a given PAKE2 in an otherwise good enrol. */
function answerFromInside(pake2: Bytes): unknown {
  const attacker = noiseSide('enrol', 'responder', BOB);
  const { initiator } = freshPair('enrol');
  attacker.readMessage(sent(initiator.start()));
  attacker.readMessage(sent(initiator.receive(written(attacker, new Uint8Array(0)))));
  const [, sending] = attacker.split();
  return initiator.receive(sending.encryptWithAd(new Uint8Array(0), pake2));
}

function written(state: HandshakeState, payload: Bytes): Bytes {
  const message = state.writeMessage(payload);
  if (!message.ok) throw new Error(message.failure.message);
  return message.value;
}

/** The first frame that a step sends. */
function sent(step: { readonly ok: boolean; readonly value?: { readonly send: readonly Bytes[] } }): Bytes {
  return step.value!.send[0]!;
}

function fitTo(body: Bytes, length: number): Bytes {
  const fitted = new Uint8Array(length);
  fitted.set(body.subarray(0, length));
  return fitted;
}
