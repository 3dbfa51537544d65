import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex, encodeUtf8, type Bytes } from '../../base/index.ts';
import type { Entropy } from '../../crypto/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import { fastSeededEntropy, seededBytes } from '../../testing/index.ts';
import { answerRekey, beginRekey, REKEY1_LENGTH, REKEY2_LENGTH, type RekeyOptions } from './rekey.ts';

interface Given {
  readonly handshakeHash: Bytes;
  readonly psk: Bytes;
  readonly ephemeralI: Bytes;
  readonly kemSeed: Bytes;
  readonly ephemeralR: Bytes;
  /** What encapsulation draws (m of FIPS 203). */
  readonly kemDraw: Bytes;
}

const LABELS = ['rec I>R', 'rec R>I', 'enc I>R', 'enc R>I', 'mac I>R', 'mac R>I', 'rekey'];
const NONE: Bytes = new Uint8Array(0);

/** spec/03 "By a key exchange" written out a second time, on noble's primitives and nothing of ours. */
function slowExchange(given: Given): Readonly<Record<string, Bytes>> {
  const name = encodeUtf8('Noise_NNhfs+psk0_25519+MLKEM768_ChaChaPoly_SHA256');
  let h: Bytes = sha256(name);
  let ck: Bytes = h;
  let key: Bytes = NONE;
  let n = 0;
  const mixHash = (data: Bytes): void => void (h = sha256(concatBytes(h, data)));
  const chain = (input: Bytes, count: number): Bytes => {
    const output = expand(sha256, extract(sha256, input, ck), NONE, 32 * count);
    ck = output.slice(0, 32);
    key = output.slice(32 * (count - 1));
    n = 0;
    return output;
  };
  const mixKey = (input: Bytes): void => void chain(input, 2);
  const encryptAndHash = (plaintext: Bytes): Bytes => {
    const nonce = Uint8Array.of(0, 0, 0, 0, n++, 0, 0, 0, 0, 0, 0, 0);
    const ciphertext = chacha20poly1305(key, nonce, h).encrypt(plaintext);
    mixHash(ciphertext);
    return ciphertext;
  };

  const prologue = concatBytes(encodeUtf8('sotto/1 rekey'), given.handshakeHash);
  mixHash(prologue);
  mixHash(chain(given.psk, 3).slice(32, 64));
  const eI = x25519.getPublicKey(given.ephemeralI);
  mixHash(eI);
  mixKey(eI);
  const kem = mlKem768.keygen(given.kemSeed);
  const rekey1 = concatBytes(eI, encryptAndHash(kem.publicKey), encryptAndHash(NONE));

  const eR = x25519.getPublicKey(given.ephemeralR);
  mixHash(eR);
  mixKey(eR);
  const dh = x25519.getSharedSecret(given.ephemeralR, eI);
  mixKey(dh);
  const { cipherText, sharedSecret: kemSecret } = mlKem768.encapsulate(kem.publicKey, given.kemDraw);
  const encryptedCiphertext = encryptAndHash(cipherText);
  mixKey(kemSecret);
  const rekey2 = concatBytes(eR, encryptedCiphertext, encryptAndHash(NONE));

  const exs = hmac(sha256, ck, encodeUtf8('sotto/1 exporter'));
  const prk = extract(sha256, exs, h);
  const sessionSecret = expand(sha256, prk, encodeUtf8('session'), 32);
  const keys = Object.fromEntries(
    LABELS.map((label) => [label, expand(sha256, sessionSecret, encodeUtf8(label), 32)]),
  );
  return {
    prologue,
    rekey1,
    dh,
    kemCiphertext: cipherText,
    kemSecret,
    rekey2,
    ck,
    h,
    exs,
    prk,
    sessionSecret,
    ...keys,
  };
}

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../spec/vectors/03-session.json'), 'utf8'),
) as {
  readonly keyExchange: {
    readonly given: Readonly<Record<keyof Given, string>>;
    readonly made: Readonly<Record<string, string>>;
  };
};

const hexOf = (values: Readonly<Record<string, Bytes>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, bytes]) => [name, encodeHex(bytes)]));

function givenBy(seed: number): Given {
  const draw = seededBytes(seed);
  const given = { handshakeHash: draw(32), psk: draw(32), ephemeralI: draw(32), kemSeed: draw(64) };
  return { ...given, ephemeralR: draw(32), kemDraw: draw(32) };
}

/** One side's options, whose dice show what is given. */
function side(given: Given, ephemeral: Bytes): RekeyOptions {
  const entropy: Entropy = {
    bytes: () => ephemeral.slice(),
    mlKem768KeyPair: () => ({
      seed: given.kemSeed.slice(),
      publicKey: mlKem768.keygen(given.kemSeed).publicKey,
    }),
    mlKem768Encapsulate: (publicKey) => {
      const { cipherText, sharedSecret } = mlKem768.encapsulate(publicKey, given.kemDraw);
      return { ciphertext: cipherText, sharedSecret };
    },
  };
  return { primitives: nativePrimitives, entropy, psk: given.psk, handshakeHash: given.handshakeHash };
}

describe('the key exchange NNhfs+psk0 (spec/03 "Rekey")', () => {
  test('the vector of spec/ is what a slow computation of its own makes', () => {
    const { given, made } = VECTORS.keyExchange;
    const bytes = Object.fromEntries(
      Object.entries(given).map(([name, hex]) => [name, decodeHex(hex)!]),
    ) as unknown as Given;
    expect(hexOf(slowExchange(bytes))).toEqual(made);
  });

  test('both sides make the bytes and the secret of the slow computation, 25 times (CRY-01)', () => {
    for (let seed = 1; seed <= 25; seed++) {
      const given = givenBy(seed);
      const slow = slowExchange(given);
      const begun = beginRekey(side(given, given.ephemeralI));
      const answered = answerRekey(side(given, given.ephemeralR), begun.rekey1);
      if (!answered.ok) throw new Error(answered.failure.code);
      const { rekey2, ...agreed } = answered.value;
      expect([begun.rekey1.length, rekey2.length]).toEqual([REKEY1_LENGTH, REKEY2_LENGTH]);
      expect(hexOf({ rekey1: begun.rekey1, rekey2 })).toEqual(
        hexOf({ rekey1: slow['rekey1']!, rekey2: slow['rekey2']! }),
      );
      const finished = begun.finish(rekey2);
      if (!finished.ok) throw new Error(finished.failure.code);
      for (const each of [agreed, finished.value]) {
        expect(hexOf({ h: each.handshakeHash, ss: each.sessionSecret })).toEqual(
          hexOf({ h: slow['h']!, ss: slow['sessionSecret']! }),
        );
      }
    }
  });

  test('every byte of both messages counts: a changed one is rekey-failed (CRY-03)', () => {
    const given = givenBy(1);
    const { rekey1 } = beginRekey(side(given, given.ephemeralI));
    const answered = answerRekey(side(given, given.ephemeralR), rekey1);
    if (!answered.ok) throw new Error(answered.failure.code);
    for (let index = 0; index < REKEY1_LENGTH; index += 7) {
      const changed = flipped(rekey1, index);
      expect(codeOf(answerRekey(side(given, given.ephemeralR), changed)), `byte ${index}`).toBe(
        'rekey-failed',
      );
    }
    for (let index = 0; index < REKEY2_LENGTH; index += 7) {
      const begun = beginRekey(side(given, given.ephemeralI));
      expect(codeOf(begun.finish(flipped(answered.value.rekey2, index))), `byte ${index}`).toBe(
        'rekey-failed',
      );
    }
  });

  test('another psk or another handshake hash at one side is rekey-failed: nothing of another session or exchange fits (CRY-06)', () => {
    const given = givenBy(1);
    const { rekey1 } = beginRekey(side(given, given.ephemeralI));
    for (const other of [
      { ...given, psk: flipped(given.psk, 0) },
      { ...given, handshakeHash: flipped(given.handshakeHash, 31) },
    ]) {
      expect(codeOf(answerRekey(side(other, given.ephemeralR), rekey1))).toBe('rekey-failed');
    }
  });

  test('a low-order, an all-zero and a non-canonical ephemeral are rekey-failed at both sides (CRY-02)', () => {
    const given = givenBy(1);
    const lowOrder = decodeHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')!;
    const overTheTop = decodeHex(`ee${'ff'.repeat(30)}7f`)!;
    for (const bad of [new Uint8Array(32), lowOrder, overTheTop]) {
      expect(codeOf(answerRekey(side(given, given.ephemeralR), forgedRekey1(given, bad)))).toBe(
        'rekey-failed',
      );
      const begun = beginRekey(side(given, given.ephemeralI));
      const rekey2 = concatBytes(bad, seededBytes(9)(REKEY2_LENGTH - 32));
      expect(codeOf(begun.finish(rekey2))).toBe('rekey-failed');
    }
  });

  test('a KEM key that FIPS 203 refuses is rekey-failed', () => {
    const given = givenBy(1);
    const options = side(given, given.ephemeralI);
    const { rekey1 } = beginRekey({
      ...options,
      entropy: {
        ...options.entropy,
        mlKem768KeyPair: () => ({ seed: given.kemSeed.slice(), publicKey: new Uint8Array(1184).fill(0xff) }),
      },
    });
    const responder = { ...side(given, given.ephemeralR), entropy: fastSeededEntropy(1) };
    expect(codeOf(answerRekey(responder, rekey1))).toBe('rekey-failed');
  });

  test('the ephemeral secrets are overwritten: at the end, after a failure, and when it is given up', () => {
    const given = givenBy(1);
    const drawn: Bytes[] = [];
    const noting = (options: RekeyOptions): RekeyOptions => ({
      ...options,
      entropy: {
        bytes: (length) => noted(drawn, options.entropy.bytes(length)),
        mlKem768KeyPair: () => {
          const pair = options.entropy.mlKem768KeyPair();
          noted(drawn, pair.seed);
          return pair;
        },
        mlKem768Encapsulate: (publicKey) => {
          const sealed = options.entropy.mlKem768Encapsulate(publicKey);
          noted(drawn, sealed!.sharedSecret);
          return sealed;
        },
      },
    });
    const begun = beginRekey(noting(side(given, given.ephemeralI)));
    const answered = answerRekey(noting(side(given, given.ephemeralR)), begun.rekey1);
    if (!answered.ok) throw new Error(answered.failure.code);
    begun.finish(answered.value.rekey2);
    beginRekey(noting(side(given, given.ephemeralI))).wipe();
    beginRekey(noting(side(given, given.ephemeralI))).finish(new Uint8Array(REKEY2_LENGTH));
    expect(answerRekey(noting(side(given, given.ephemeralR)), new Uint8Array(REKEY1_LENGTH)).ok).toBe(false);
    expect(drawn.map((bytes) => bytes.length)).toEqual([32, 64, 32, 32, 32, 64, 32, 64]);
    expect(drawn.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    expect(() => begun.finish(answered.value.rekey2), 'it is finished once').toThrow('handshake');
  });
});

/** REKEY1 whose ephemeral nobody has the secret of, but with tags that are right: only the holder of the psk can make it. */
function forgedRekey1(given: Given, ephemeral: Bytes): Bytes {
  const options = side(given, given.ephemeralI);
  const primitives = { ...nativePrimitives, x25519PublicKey: () => ephemeral };
  return beginRekey({ ...options, primitives }).rekey1;
}

function noted(list: Bytes[], bytes: Bytes): Bytes {
  list.push(bytes);
  return bytes;
}

function flipped(bytes: Bytes, index: number): Bytes {
  const copy = bytes.slice();
  copy[index]! ^= 1;
  return copy;
}

function codeOf(result: ReturnType<typeof answerRekey> | { readonly ok: boolean }): string {
  return 'failure' in result ? result.failure.code : 'ok';
}
