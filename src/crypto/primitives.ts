import type { Bytes } from '../base/index.ts';

/**
 * The port to a crypto library. Everything here is deterministic; randomness is the separate `Entropy`.
 * A primitive throws only on a misuse of ours (a key of the wrong length); what a peer sent gives `undefined`.
 */
export interface Primitives {
  sha256(...parts: readonly Bytes[]): Bytes;
  sha512(...parts: readonly Bytes[]): Bytes;
  /** HMAC-SHA256 (RFC 2104) with a key that is used once or twice. */
  hmacSha256(key: Bytes, ...parts: readonly Bytes[]): Bytes;
  /** HMAC-SHA256 with a key that is used for a whole session: the key is imported once. */
  hmacSha256Key(key: Bytes): Mac;
  /** ChaCha20-Poly1305 (RFC 8439), key of 32 bytes, imported once: the caller may wipe its copy. */
  chaCha20Poly1305(key: Bytes): Aead;
  /** AES-256-CTR (SP 800-38A), key of 32 bytes, the counter block starts from zeros; one running keystream. */
  aes256Ctr(key: Bytes): KeystreamCipher;
  /**
   * X25519 (RFC 7748) with a secret and a public of 32 bytes; undefined when the result is all zeros. Keys may be
   * remembered by their arrays, so an array that held one may be wiped but never filled with another.
   */
  x25519(secret: Bytes, publicKey: Bytes): Bytes | undefined;
  x25519PublicKey(secret: Bytes): Bytes;
  /** ML-KEM-768 (FIPS 203): the shared secret of 32 bytes, from a seed (d || z, 64 bytes) and a ciphertext of 1,088. */
  mlKem768Decapsulate(seed: Bytes, ciphertext: Bytes): Bytes | undefined;
  /** CRC-32 as zlib's: reflected 0xEDB88320, 0..2^32-1; a text counts as its UTF-8. */
  crc32(data: Bytes | string): number;
  /** Base64 (RFC 4648 §4) with padding. */
  encodeBase64(bytes: Bytes): string;
  /** Undefined unless the text is the one canonical, padded encoding. */
  decodeBase64(text: string): Bytes | undefined;
  /** False at once on unequal lengths, else in constant time. */
  equalConstantTime(a: Bytes, b: Bytes): boolean;
}

export interface Mac {
  /** The tag, 32 bytes, over the concatenation of the parts; a text counts as its UTF-8. */
  sign(...parts: readonly (Bytes | string)[]): Bytes;
  /** The same tag as Base64 (RFC 4648 §4), which costs less than to encode it afterwards. */
  signBase64(...parts: readonly (Bytes | string)[]): string;
  /** Forgets the key; signing afterwards gives nothing of use. */
  wipe(): void;
}

export interface Aead {
  /** nonce: 12 bytes, never twice with one key. Returns ciphertext || tag (16 bytes). */
  seal(nonce: Bytes, additionalData: Bytes, plaintext: Bytes): Bytes;
  /** `seal` without additional data into a place where plaintext.length + 16 bytes are free. */
  sealInto(target: Bytes, offset: number, nonce: Bytes, plaintext: Bytes): void;
  /** The plaintext, or undefined when the tag is wrong or missing. */
  open(nonce: Bytes, additionalData: Bytes, sealed: Bytes): Bytes | undefined;
}

export interface KeystreamCipher {
  /** XORs with the next `bytes.length` bytes of the keystream. */
  apply(bytes: Bytes): Bytes;
}

/** Where randomness enters: the operating system's generator in the program, a seed in tests. */
export interface Entropy {
  bytes(length: number): Bytes;
  /** A new pair, where that is cheaper than to draw a secret and to compute its public key. */
  x25519KeyPair?(): X25519KeyPair;
  mlKem768KeyPair(): { readonly seed: Bytes; readonly publicKey: Bytes };
  /** Undefined when the peer's public key (1,184 bytes) fails FIPS 203's check. */
  mlKem768Encapsulate(
    publicKey: Bytes,
  ): { readonly ciphertext: Bytes; readonly sharedSecret: Bytes } | undefined;
}

/** Both halves of a key, 32 bytes each. */
export interface X25519KeyPair {
  readonly secret: Bytes;
  readonly publicKey: Bytes;
}
