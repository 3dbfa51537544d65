import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex, type Bytes } from '../../base/index.ts';
import type { Entropy, Primitives, X25519KeyPair } from '../../crypto/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import { HandshakeState } from './handshake-state.ts';
import { parsePattern, type HandshakePattern, type Role } from './pattern.ts';
import { ENROL_PATTERN } from './suites.ts';

const FOLDER = join(import.meta.dirname, '../../../../shared/vectors');

/** Every pattern of Noise §7.4, §7.5 and appendix 18.1, one message a comma-free arrow. */
const PATTERNS: Readonly<Record<string, string>> = {
  N: '<- s|...|-> e, es',
  K: '-> s|<- s|...|-> e, es, ss',
  X: '<- s|...|-> e, es, s, ss',
  NN: '-> e|<- e, ee',
  KN: '-> s|...|-> e|<- e, ee, se',
  NK: '<- s|...|-> e, es|<- e, ee',
  KK: '-> s|<- s|...|-> e, es, ss|<- e, ee, se',
  NX: '-> e|<- e, ee, s, es',
  KX: '-> s|...|-> e|<- e, ee, se, s, es',
  XN: '-> e|<- e, ee|-> s, se',
  IN: '-> e, s|<- e, ee, se',
  XK: '<- s|...|-> e, es|<- e, ee|-> s, se',
  IK: '<- s|...|-> e, es, s, ss|<- e, ee, se',
  XX: '-> e|<- e, ee, s, es|-> s, se',
  IX: '-> e, s|<- e, ee, se, s, es',
  NK1: '<- s|...|-> e|<- e, ee, es',
  NX1: '-> e|<- e, ee, s|-> es',
  X1N: '-> e|<- e, ee|-> s|<- se',
  X1K: '<- s|...|-> e, es|<- e, ee|-> s|<- se',
  XK1: '<- s|...|-> e|<- e, ee, es|-> s, se',
  X1K1: '<- s|...|-> e|<- e, ee, es|-> s|<- se',
  X1X: '-> e|<- e, ee, s, es|-> s|<- se',
  XX1: '-> e|<- e, ee, s|-> es, s, se',
  X1X1: '-> e|<- e, ee, s|-> es, s|<- se',
  K1N: '-> s|...|-> e|<- e, ee|-> se',
  K1K: '-> s|<- s|...|-> e, es|<- e, ee|-> se',
  KK1: '-> s|<- s|...|-> e|<- e, ee, se, es',
  K1K1: '-> s|<- s|...|-> e|<- e, ee, es|-> se',
  K1X: '-> s|...|-> e|<- e, ee, s, es|-> se',
  KX1: '-> s|...|-> e|<- e, ee, se, s|-> es',
  K1X1: '-> s|...|-> e|<- e, ee, s|-> se, es',
  I1N: '-> e, s|<- e, ee|-> se',
  I1K: '<- s|...|-> e, es, s|<- e, ee|-> se',
  IK1: '<- s|...|-> e, s|<- e, ee, se, es',
  I1K1: '<- s|...|-> e, s|<- e, ee, es|-> se',
  I1X: '-> e, s|<- e, ee, s, es|-> se',
  IX1: '-> e, s|<- e, ee, se, s|-> es',
  I1X1: '-> e, s|<- e, ee, s|-> se, es',
};

interface NoiseVector {
  readonly protocol_name?: string;
  readonly name?: string;
  readonly init_prologue: string;
  readonly resp_prologue: string;
  readonly init_static?: string;
  readonly init_ephemeral?: string;
  readonly init_remote_static?: string;
  readonly init_psks?: readonly string[];
  readonly resp_static?: string;
  readonly resp_ephemeral?: string;
  readonly resp_remote_static?: string;
  readonly resp_psks?: readonly string[];
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const HASHES: Readonly<Record<string, string>> = {
  SHA256: 'sha256',
  SHA512: 'sha512',
  BLAKE2s: 'blake2s256',
  BLAKE2b: 'blake2b512',
};

describe('official Noise vectors (CRY-01)', () => {
  for (const file of ['cacophony.txt', 'snow.txt', 'noise-c-basic.txt']) {
    const vectors = (readVectors(file) as { vectors: NoiseVector[] }).vectors;
    const applicable = vectors.filter((vector) => suiteOf(vector) !== undefined);

    test(`${file}: ${applicable.length} of ${vectors.length} vectors have X25519 and run, in both roles`, () => {
      const own = applicable.filter((vector) => nameOf(vector).endsWith('_25519_ChaChaPoly_SHA256'));
      console.log(
        vectors.length === 0
          ? `${file}: not there, nothing ran`
          : `${file}: ${applicable.length} vectors ran, ${own.length} of them with ChaChaPoly and SHA256`,
      );
      for (const vector of applicable) runVector(vector);
    });
  }
});

interface HybridVectors {
  readonly vectors: readonly {
    readonly i: number;
    readonly handshake_hash: string;
    readonly msg_c?: string;
  }[];
}

describe('XXhfs with ML-KEM-768 (CRY-01)', () => {
  const vectors = (readVectors('xxhfs-mlkem768.json') as HybridVectors).vectors;

  test(`${vectors.length} vectors of the hybrid pattern give the same handshake hash and message 3`, () => {
    console.log(`xxhfs-mlkem768.json: ${vectors.length} vectors ran`);
    for (const vector of vectors) {
      const base = 16 * vector.i;
      const filled = (offset: number, length = 32): Bytes => new Uint8Array(length).fill(base + offset);
      const entropy = (ephemeral: number): Entropy => ({
        bytes: () => filled(ephemeral),
        mlKem768KeyPair: () => ({ seed: filled(5, 64), publicKey: mlKem768.keygen(filled(5, 64)).publicKey }),
        mlKem768Encapsulate: (publicKey) => {
          const { cipherText, sharedSecret } = mlKem768.encapsulate(publicKey, filled(6));
          return { ciphertext: cipherText, sharedSecret };
        },
      });
      const side = (role: Role, localStatic: number, ephemeral: number): HandshakeState =>
        new HandshakeState({
          primitives: nativePrimitives,
          entropy: entropy(ephemeral),
          pattern: ENROL_PATTERN,
          algorithms: '25519+MLKEM768_ChaChaPoly_SHA256',
          role,
          prologue: new Uint8Array(0),
          localStatic: keyPair(filled(localStatic)),
        });
      const initiator = side('initiator', 1, 3);
      const responder = side('responder', 2, 4);
      pass(initiator, responder, new Uint8Array(0));
      pass(responder, initiator, new Uint8Array(0));
      const message3 = pass(initiator, responder, new Uint8Array(0));
      expect(encodeHex(initiator.handshakeHash)).toBe(vector.handshake_hash);
      expect(encodeHex(responder.handshakeHash)).toBe(vector.handshake_hash);
      expect(encodeHex(message3)).toBe(vector.msg_c ?? encodeHex(message3));
    }
  });
});

describe('patterns', () => {
  test('psk modifiers stand where their number says', () => {
    const pattern = parsePattern('XXpsk0+psk3', lines(PATTERNS['XX']!));
    expect(pattern.messages.map(({ tokens }) => tokens.join(' '))).toEqual([
      'psk e',
      'e ee s es',
      's se psk',
    ]);
    expect(pattern.hasPsk).toBe(true);
  });

  test('an unknown token or arrow is our own bug', () => {
    expect(() => parsePattern('Q', '-> e, q')).toThrow('not a pattern');
    expect(() => parsePattern('Q', '=> e')).toThrow('not a pattern');
  });
});

function runVector(vector: NoiseVector): void {
  const suite = suiteOf(vector)!;
  const side = (role: Role): HandshakeState => {
    const own = role === 'initiator' ? 'init' : 'resp';
    const localStatic = vector[`${own}_static`];
    const remoteStatic = vector[`${own}_remote_static`];
    return new HandshakeState({
      primitives: suite.primitives,
      entropy: fixedEphemeral(vector[`${own}_ephemeral`]),
      pattern: suite.pattern,
      algorithms: suite.algorithms,
      role,
      prologue: hex(vector[`${own}_prologue`]),
      ...(localStatic === undefined ? {} : { localStatic: keyPair(hex(localStatic)) }),
      ...(remoteStatic === undefined ? {} : { remoteStatic: hex(remoteStatic) }),
      psks: (vector[`${own}_psks`] ?? []).map(hex),
    });
  };
  const sides = { initiator: side('initiator'), responder: side('responder') };
  const { messages } = suite.pattern;
  for (const [index, { payload, ciphertext }] of vector.messages.slice(0, messages.length).entries()) {
    const sender = messages[index]!.sender;
    const receiver = sender === 'initiator' ? 'responder' : 'initiator';
    const sent = pass(sides[sender], sides[receiver], hex(payload));
    expect([nameOf(vector), index, encodeHex(sent)]).toEqual([nameOf(vector), index, ciphertext]);
  }
  const hash = encodeHex(sides.initiator.handshakeHash);
  expect(hash).toBe(encodeHex(sides.responder.handshakeHash));
  expect(hash).toBe(vector.handshake_hash ?? hash);
  const ciphers = { initiator: sides.initiator.split(), responder: sides.responder.split() };
  for (const [offset, { payload, ciphertext }] of vector.messages.slice(messages.length).entries()) {
    const isInitiators = messages.length === 1 || (messages.length + offset) % 2 === 0;
    const direction = isInitiators ? 0 : 1;
    const [from, to] = isInitiators
      ? [ciphers.initiator, ciphers.responder]
      : [ciphers.responder, ciphers.initiator];
    const none = new Uint8Array(0);
    expect(encodeHex(from[direction].encryptWithAd(none, hex(payload)))).toBe(ciphertext);
    expect(encodeHex(to[direction].decryptWithAd(none, hex(ciphertext))!)).toBe(payload);
  }
}

/** One message from one side to the other, its length foretold by both. */
function pass(sender: HandshakeState, receiver: HandshakeState, payload: Bytes): Bytes {
  const expected = [sender.messageLength(payload.length), receiver.messageLength(payload.length)];
  const message = sender.writeMessage(payload);
  if (!message.ok) throw new Error(message.failure.message);
  expect([message.value.length, message.value.length]).toEqual(expected);
  const read = receiver.readMessage(message.value);
  if (!read.ok) throw new Error(read.failure.message);
  expect(encodeHex(read.value)).toBe(encodeHex(payload));
  return message.value;
}

interface Suite {
  readonly pattern: HandshakePattern;
  readonly algorithms: string;
  readonly primitives: Primitives;
}

/** Undefined for X448 and for the psk patterns of an older Noise (`NoisePSK_`). */
function suiteOf(vector: NoiseVector): Suite | undefined {
  const [kind, name = '', dh, cipher, hash = ''] = nameOf(vector).split('_');
  const text = PATTERNS[name.replace(/psk.*$/, '')];
  const digest = HASHES[hash];
  if (kind !== 'Noise' || dh !== '25519' || text === undefined || digest === undefined) return undefined;
  return {
    pattern: parsePattern(name, lines(text)),
    algorithms: `25519_${cipher}_${hash}`,
    primitives: {
      ...nativePrimitives,
      ...(digest === 'sha256' ? {} : otherHash(digest)),
      ...(cipher === 'AESGCM' ? { chaCha20Poly1305: aesGcm } : {}),
    },
  };
}

/** Another hash in SHA-256's place: the Noise core takes any length. */
function otherHash(digest: string): Pick<Primitives, 'sha256' | 'hmacSha256'> {
  return {
    sha256: (...parts) =>
      createHash(digest)
        .update(concatBytes(...parts))
        .digest(),
    hmacSha256: (key, ...parts) =>
      createHmac(digest, key)
        .update(concatBytes(...parts))
        .digest(),
  };
}

/** AES-256-GCM in ChaCha20-Poly1305's place; its counter is big-endian (Noise §12.4). */
function aesGcm(key: Bytes): ReturnType<Primitives['chaCha20Poly1305']> {
  // The caller wipes its key.
  const own = new Uint8Array(key);
  const bigEndian = (nonce: Bytes): Bytes => concatBytes(nonce.slice(0, 4), nonce.slice(4).toReversed());
  return {
    seal: (nonce, additionalData, plaintext) => {
      const cipher = createCipheriv('aes-256-gcm', own, bigEndian(nonce));
      cipher.setAAD(additionalData);
      return concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    sealInto: () => {
      throw new Error('a handshake has no records');
    },
    open: (nonce, additionalData, sealed) => {
      const decipher = createDecipheriv('aes-256-gcm', own, bigEndian(nonce), { authTagLength: 16 });
      decipher.setAAD(additionalData);
      decipher.setAuthTag(sealed.subarray(-16));
      return concatBytes(decipher.update(sealed.subarray(0, -16)), decipher.final());
    },
  };
}

function fixedEphemeral(ephemeral: string | undefined): Entropy {
  const none = (): never => {
    throw new Error('this vector has no KEM');
  };
  return { bytes: () => hex(ephemeral!), mlKem768KeyPair: none, mlKem768Encapsulate: none };
}

function keyPair(secret: Bytes): X25519KeyPair {
  return { secret, publicKey: nativePrimitives.x25519PublicKey(secret) };
}

function nameOf(vector: NoiseVector): string {
  return vector.protocol_name ?? vector.name ?? '';
}

function lines(pattern: string): string {
  return pattern.replaceAll('|', '\n');
}

function hex(text: string): Bytes {
  return decodeHex(text)!;
}

function readVectors(file: string): unknown {
  const path = join(FOLDER, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { vectors: [] };
}
