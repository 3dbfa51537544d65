import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { type Bytes, concat, utf8, zeros } from './bytes.ts';
import { hmac, sha256 } from './hash.ts';

/** ChaCha20-Poly1305 with Noise's nonce: 4 zero bytes and n as a little-endian u64. */
export const seal = (key: Bytes, n: bigint, ad: Bytes, plaintext: Bytes): Bytes =>
  chacha20poly1305(key, nonce(n), ad).encrypt(plaintext);

/** The plaintext, or undefined when the tag is wrong. */
export function open(key: Bytes, n: bigint, ad: Bytes, ciphertext: Bytes): Bytes | undefined {
  try {
    return chacha20poly1305(key, nonce(n), ad).decrypt(ciphertext);
  } catch {
    return undefined;
  }
}

function nonce(n: bigint): Bytes {
  const bytes = zeros(12);
  new DataView(bytes.buffer).setBigUint64(4, n, true);
  return bytes;
}

/** Noise's HKDF, revision 34 §4.3. */
function hkdf(chainingKey: Bytes, input: Bytes): [Bytes, Bytes, Bytes] {
  const temporary = hmac(chainingKey, input);
  const first = hmac(temporary, Uint8Array.of(1));
  const second = hmac(temporary, concat(first, Uint8Array.of(2)));
  const third = hmac(temporary, concat(second, Uint8Array.of(3)));
  return [first, second, third];
}

/** Noise's SymmetricState and its CipherState in one, revision 34 §5.1 and §5.2. `refuse` says what a wrong tag is. */
export class SymmetricState {
  h: Bytes;
  ck: Bytes;
  #k: Bytes | undefined;
  #n = 0n;
  readonly #refuse: () => Error;

  constructor(protocol: string, prologue: Bytes, refuse: () => Error) {
    this.h = sha256(utf8(protocol));
    this.ck = this.h;
    this.#refuse = refuse;
    this.mixHash(prologue);
  }

  mixHash(data: Bytes): void {
    this.h = sha256(concat(this.h, data));
  }

  mixKey(input: Bytes): void {
    [this.ck, this.#k] = hkdf(this.ck, input);
    this.#n = 0n;
  }

  mixKeyAndHash(input: Bytes): void {
    const [ck, hash, k] = hkdf(this.ck, input);
    this.ck = ck;
    this.mixHash(hash);
    this.#k = k;
    this.#n = 0n;
  }

  encryptAndHash(plaintext: Bytes): Bytes {
    const ciphertext = this.#k === undefined ? plaintext : seal(this.#k, this.#n++, this.h, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decryptAndHash(ciphertext: Bytes): Bytes {
    const plaintext = this.#k === undefined ? ciphertext : open(this.#k, this.#n++, this.h, ciphertext);
    if (plaintext === undefined) throw this.#refuse();
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** The first key is for I to R. */
  split(): readonly [Bytes, Bytes] {
    const [first, second] = hkdf(this.ck, zeros(0));
    return [first, second];
  }
}
