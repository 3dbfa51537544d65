import { encodeUtf8, Writer, type Bytes } from '../../base/index.ts';
import type { KeystreamCipher, Mac, Primitives } from '../../crypto/index.ts';

/** What an envelope is bound to (spec/04 "Security"): session, direction and position, and that direction's keys. */
export interface EnvelopeOptions {
  readonly primitives: Primitives;
  /** 32 bytes: `enc I>R` or `enc R>I`. */
  readonly encKey: Bytes;
  /** 32 bytes: `mac I>R` or `mac R>I`. */
  readonly macKey: Bytes;
  /** 32 bytes: h after the handshake. */
  readonly handshakeHash: Bytes;
  /** 1 is initiator to responder, 2 is responder to initiator. */
  readonly direction: 1 | 2;
}

export const ENC_TYPE = 'AES-256-CTR';
export const HMAC_TYPE = 'HMAC-SHA256';

const LABEL = encodeUtf8('sotto/1 env');

/** One direction's MAC, its counter k of MSG items, and its one running keystream. */
export class EnvelopeDirection {
  readonly #mac: Mac;
  readonly #keystream: KeystreamCipher;
  readonly #contextStart: Bytes;
  #count = 0;

  constructor(options: EnvelopeOptions) {
    const { primitives, encKey, macKey, handshakeHash, direction } = options;
    this.#mac = primitives.hmacSha256Key(macKey);
    this.#keystream = primitives.aes256Ctr(encKey);
    this.#contextStart = new Writer().bytes(LABEL).u8(0).bytes(handshakeHash).u8(direction).finish();
  }

  /** The number k of the next MSG item; every call counts one. */
  nextPosition(): number {
    const position = this.#count;
    this.#count += 1;
    return position;
  }

  /** Encrypts or decrypts with the next bytes of the keystream. */
  applyKeystream(bytes: Bytes): Bytes {
    return this.#keystream.apply(bytes);
  }

  /** HMAC over ctx || lv32(header) || lv32(enc_type) || lv32(hmac_type) || lv32(ct). */
  sign(position: number, headerText: string, ciphertext: Bytes): Bytes {
    const header = encodeUtf8(headerText);
    const input = new Writer()
      .bytes(this.#contextStart)
      .u64(position)
      .u32(header.length)
      .bytes(header)
      .bytes(LV32_TYPES)
      .u32(ciphertext.length)
      .bytes(ciphertext);
    return this.#mac.sign(input.finish());
  }
}

/** The two types of version 1; an envelope that names others was refused before its HMAC is computed. */
const LV32_TYPES = new Writer()
  .u32(ENC_TYPE.length)
  .bytes(encodeUtf8(ENC_TYPE))
  .u32(HMAC_TYPE.length)
  .bytes(encodeUtf8(HMAC_TYPE))
  .finish();
