import { createCipheriv } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, test } from 'vitest';
import { decodeHex, encodeHex, encodeUtf8, type Bytes } from '../base/index.ts';
import { seededBytes } from '../testing/index.ts';
import { nativePrimitives as native, systemEntropy } from './index.ts';

const draw = seededBytes(100);
const LENGTHS = [0, 1, 31, 32, 63, 64, 65, 127, 128, 1000];

describe('the native primitives agree with a second implementation (CRY-01)', () => {
  test('SHA-256, SHA-512 and HMAC, in one part or several', () => {
    for (const length of LENGTHS) {
      const bytes = draw(length);
      const parts = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)];
      const key = draw(length);
      expect(encodeHex(native.sha256(...parts))).toBe(encodeHex(sha256(bytes)));
      expect(encodeHex(native.sha512(bytes))).toBe(encodeHex(sha512(bytes)));
      const tag = encodeHex(hmac(sha256, key, bytes));
      expect(encodeHex(native.hmacSha256(key, ...parts))).toBe(tag);
      expect(encodeHex(native.hmacSha256Key(key).sign(...parts))).toBe(tag);
      expect(encodeHex(native.hmacSha256Key(key).sign(bytes))).toBe(tag);
    }
  });

  test('a MAC key signs texts as their UTF-8, long ones too, and nothing more once it is wiped', () => {
    const key = draw(32);
    const mac = native.hmacSha256Key(key);
    for (const text of ['', 'hello', 'é€😀', 'é'.repeat(4_000), 'short again']) {
      const tag = encodeHex(hmac(sha256, key, encodeUtf8(`<${text}>`)));
      expect(encodeHex(mac.sign('<', text, encodeUtf8('>')))).toBe(tag);
      expect(encodeHex(native.decodeBase64(mac.signBase64('<', text, encodeUtf8('>')))!)).toBe(tag);
    }
    const before = encodeHex(mac.sign('x'));
    mac.wipe();
    expect(encodeHex(mac.sign('x'))).not.toBe(before);
  });

  test('ChaCha20-Poly1305 seals alike, opens its own and refuses every changed byte', () => {
    for (const length of LENGTHS) {
      const [key, nonce, ad, plaintext] = [draw(32), draw(12), draw(length % 20), draw(length)];
      const aead = native.chaCha20Poly1305(key);
      const sealed = aead.seal(nonce, ad, plaintext);
      expect(encodeHex(sealed)).toBe(encodeHex(chacha20poly1305(key, nonce, ad).encrypt(plaintext)));
      expect(encodeHex(aead.open(nonce, ad, sealed)!)).toBe(encodeHex(plaintext));
      const target = new Uint8Array(length + 20);
      aead.sealInto(target, 3, nonce, plaintext);
      const expected = chacha20poly1305(key, nonce).encrypt(plaintext);
      expect(encodeHex(target)).toBe(`000000${encodeHex(expected)}00`);
      const changed = sealed.slice();
      changed[length] = changed[length]! ^ 1;
      expect(aead.open(nonce, ad, changed)).toBeUndefined();
      expect(aead.open(nonce, ad, sealed.subarray(0, 15))).toBeUndefined();
    }
  });

  test('X25519 and ML-KEM-768', () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [draw(32), draw(32)];
      const publicB = native.x25519PublicKey(b);
      expect(encodeHex(publicB)).toBe(encodeHex(x25519.getPublicKey(b)));
      expect(encodeHex(native.x25519(a, publicB)!)).toBe(encodeHex(x25519.getSharedSecret(a, publicB)));
    }
    const { seed, publicKey } = systemEntropy.mlKem768KeyPair();
    expect(encodeHex(publicKey)).toBe(encodeHex(mlKem768.keygen(seed).publicKey));
    const theirs = mlKem768.encapsulate(publicKey);
    expect(encodeHex(native.mlKem768Decapsulate(seed, theirs.cipherText)!)).toBe(
      encodeHex(theirs.sharedSecret),
    );
    const ours = systemEntropy.mlKem768Encapsulate(publicKey)!;
    expect(encodeHex(mlKem768.decapsulate(ours.ciphertext, mlKem768.keygen(seed).secretKey))).toBe(
      encodeHex(ours.sharedSecret),
    );
  });

  test('AES-256-CTR is one running keystream from a counter of zeros', () => {
    const [key, bytes] = [draw(32), draw(300)];
    const whole = createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(bytes);
    const cipher = native.aes256Ctr(key);
    const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 7), bytes.subarray(7, 200), bytes.subarray(200)];
    expect(pieces.map((piece) => encodeHex(cipher.apply(piece))).join('')).toBe(encodeHex(whole));
  });
});

describe('what a peer sends is answered, what we misuse throws', () => {
  /** The points of order 1, 2, 4 and 8, and their encodings above the prime. */
  const LOW_ORDER = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  ];

  test('the seven low-order points give no shared secret (CRY-02)', () => {
    for (const point of LOW_ORDER) expect(native.x25519(draw(32), decodeHex(point)!)).toBeUndefined();
  });

  test('an ML-KEM key out of range and a short ciphertext give nothing', () => {
    expect(systemEntropy.mlKem768Encapsulate(new Uint8Array(1184).fill(0xff))).toBeUndefined();
    expect(native.mlKem768Decapsulate(draw(64), draw(1087))).toBeUndefined();
  });

  test('keys of a wrong length are our own bug', () => {
    expect(() => native.x25519(draw(31), draw(32))).toThrow(RangeError);
    expect(() => native.x25519(draw(32), draw(33))).toThrow(RangeError);
    expect(() => native.chaCha20Poly1305(draw(16))).toThrow(RangeError);
    expect(() => native.aes256Ctr(draw(16))).toThrow(RangeError);
  });

  test('only canonical base64 is decoded (JSN)', () => {
    for (const length of LENGTHS) {
      const bytes = draw(length);
      expect(encodeHex(native.decodeBase64(native.encodeBase64(bytes))!)).toBe(encodeHex(bytes));
    }
    for (const bad of [
      'QQ',
      'QQ=',
      'QR==',
      'QQ==\n',
      ' QQ==',
      'Q-==',
      'QQ==QQ==',
      '=',
      'QUI',
      'QUJ=',
      'Q\u0000Q=',
    ]) {
      expect([bad, native.decodeBase64(bad)]).toEqual([bad, undefined]);
    }
  });

  test('CRC-32 has its check value', () => {
    expect(native.crc32(encodeUtf8('123456789'))).toBe(0xcbf43926);
    expect(native.crc32('123456789')).toBe(0xcbf43926);
  });

  test('comparison is by content, unequal lengths are unequal', () => {
    expect(native.equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(native.equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(native.equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });

  test('results are plain arrays whose slice is a copy', () => {
    const results: readonly Bytes[] = [
      native.sha256(),
      native.hmacSha256(draw(32)),
      native.chaCha20Poly1305(draw(32)).seal(draw(12), draw(0), draw(5)),
      native.x25519PublicKey(draw(32)),
      native.decodeBase64('QUJD')!,
      systemEntropy.bytes(32),
      systemEntropy.mlKem768KeyPair().publicKey,
    ];
    for (const result of results) expect(result.constructor).toBe(Uint8Array);
  });
});
