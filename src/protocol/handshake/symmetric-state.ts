import { concatBytes, encodeUtf8, wipe, type Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { CipherState } from './cipher-state.ts';

const KEY_LENGTH = 32;
const ONE = Uint8Array.of(1);
const TWO = Uint8Array.of(2);
const THREE = Uint8Array.of(3);
const NONE = new Uint8Array(0);

/**
 * The chaining key, the hash of everything so far and the current key (Noise §5.2). Written for any hash length, so that
 * the official vectors of other hashes can run through it.
 */
export class SymmetricState {
  readonly #primitives: Primitives;
  readonly #cipher: CipherState;
  #ck: Bytes;
  #h: Bytes;

  constructor(primitives: Primitives, protocolName: string) {
    this.#primitives = primitives;
    this.#cipher = new CipherState(primitives);
    const name = encodeUtf8(protocolName);
    const hashed = primitives.sha256(name);
    const padding = hashed.length - name.length;
    this.#h = padding >= 0 ? concatBytes(name, new Uint8Array(padding)) : hashed;
    this.#ck = this.#h.slice();
  }

  get handshakeHash(): Bytes {
    return this.#h.slice();
  }

  get chainingKey(): Bytes {
    return this.#ck.slice();
  }

  hasKey(): boolean {
    return this.#cipher.hasKey();
  }

  mixKey(inputKeyMaterial: Bytes): void {
    const [ck, key] = this.#hkdf(2, inputKeyMaterial);
    this.#replaceChainingKey(ck);
    this.#useKey(key);
  }

  mixHash(data: Bytes): void {
    this.#h = this.#primitives.sha256(this.#h, data);
  }

  mixKeyAndHash(inputKeyMaterial: Bytes): void {
    const [ck, hashInput, key] = this.#hkdf(3, inputKeyMaterial);
    this.#replaceChainingKey(ck);
    this.mixHash(hashInput);
    wipe(hashInput);
    this.#useKey(key);
  }

  encryptAndHash(plaintext: Bytes): Bytes {
    const ciphertext = this.#cipher.encryptWithAd(this.#h, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /** Undefined when the tag is wrong. */
  decryptAndHash(ciphertext: Bytes): Bytes | undefined {
    const plaintext = this.#cipher.decryptWithAd(this.#h, ciphertext);
    if (plaintext !== undefined) this.mixHash(ciphertext);
    return plaintext;
  }

  /** The initiator's sending key first. */
  split(): readonly [CipherState, CipherState] {
    const [first, second] = this.#hkdf(2, new Uint8Array(0));
    const pair = [
      new CipherState(this.#primitives, first.subarray(0, KEY_LENGTH)),
      new CipherState(this.#primitives, second.subarray(0, KEY_LENGTH)),
    ] as const;
    wipe(first, second);
    return pair;
  }

  wipe(): void {
    wipe(this.#ck);
    this.#cipher.wipe();
  }

  /** Noise's HKDF with two or three outputs (§4.3): RFC 5869 with the chaining key as salt and no info. */
  #hkdf(outputs: 2 | 3, inputKeyMaterial: Bytes): readonly [Bytes, Bytes, Bytes] {
    const primitives = this.#primitives;
    const temporary = primitives.hmacSha256(this.#ck, inputKeyMaterial);
    const first = primitives.hmacSha256(temporary, ONE);
    const second = primitives.hmacSha256(temporary, first, TWO);
    const third = outputs === 3 ? primitives.hmacSha256(temporary, second, THREE) : NONE;
    wipe(temporary);
    return [first, second, third];
  }

  #replaceChainingKey(ck: Bytes): void {
    wipe(this.#ck);
    this.#ck = ck;
  }

  #useKey(key: Bytes): void {
    this.#cipher.initializeKey(key.subarray(0, KEY_LENGTH));
    wipe(key);
  }
}
