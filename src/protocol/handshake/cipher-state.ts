import type { Bytes } from '../../base/index.ts';
import type { Aead, Primitives } from '../../crypto/index.ts';

/** A key and its counter (Noise §5.1). Without a key, bytes pass as they are. */
export class CipherState {
  readonly #primitives: Primitives;
  #aead: Aead | undefined;
  #n = 0;

  constructor(primitives: Primitives, key?: Bytes) {
    this.#primitives = primitives;
    if (key !== undefined) this.initializeKey(key);
  }

  initializeKey(key: Bytes): void {
    this.#aead = this.#primitives.chaCha20Poly1305(key);
    this.#n = 0;
  }

  hasKey(): boolean {
    return this.#aead !== undefined;
  }

  encryptWithAd(additionalData: Bytes, plaintext: Bytes): Bytes {
    if (this.#aead === undefined) return plaintext;
    return this.#aead.seal(nonce(this.#n++), additionalData, plaintext);
  }

  /** Undefined when the tag is wrong; the counter then stays. */
  decryptWithAd(additionalData: Bytes, ciphertext: Bytes): Bytes | undefined {
    if (this.#aead === undefined) return ciphertext;
    const plaintext = this.#aead.open(nonce(this.#n), additionalData, ciphertext);
    if (plaintext !== undefined) this.#n++;
    return plaintext;
  }

  /** Forgets the key. */
  wipe(): void {
    this.#aead = undefined;
  }
}

/** 32 zero bits, then the counter as little-endian u64 (Noise §12.3). A handshake never counts past 2^32. */
function nonce(n: number): Bytes {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(4, n, true);
  return bytes;
}
