import { concatBytes, encodeUtf8, Writer, type Bytes } from '../../base/index.ts';
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
  readonly #beforeHeader: HmacHead;
  readonly #beforeCiphertext: HmacHead;
  #count = 0;

  constructor(options: EnvelopeOptions) {
    const { primitives, encKey, macKey, handshakeHash, direction } = options;
    this.#mac = primitives.hmacSha256Key(macKey);
    this.#keystream = primitives.aes256Ctr(encKey);
    const context = new Writer().bytes(LABEL).u8(0).bytes(handshakeHash).u8(direction).finish();
    this.#beforeHeader = new HmacHead(context, 12);
    this.#beforeCiphertext = new HmacHead(LV32_TYPES, 4);
  }

  /** The number k of the next MSG item; every call counts one. */
  nextPosition(): number {
    const position = this.#count;
    this.#count += 1;
    return position;
  }

  /**
   * Encrypts or decrypts the concatenation with the next bytes of the keystream. A call costs more than a short text:
   * texts that go together are given together.
   */
  applyKeystream(pieces: readonly Bytes[]): Bytes {
    const [first] = pieces;
    return this.#keystream.apply(pieces.length === 1 && first !== undefined ? first : concatBytes(...pieces));
  }

  /** HMAC over ctx || lv32(header) || lv32(enc_type) || lv32(hmac_type) || lv32(ct). The header is ASCII. */
  sign(position: number, header: string, ciphertext: Bytes): Bytes {
    this.#setNumbers(position, header, ciphertext);
    return this.#mac.sign(this.#beforeHeader.bytes, header, this.#beforeCiphertext.bytes, ciphertext);
  }
  /** `sign` as Base64. */
  signBase64(position: number, header: string, ciphertext: Bytes): string {
    this.#setNumbers(position, header, ciphertext);
    return this.#mac.signBase64(this.#beforeHeader.bytes, header, this.#beforeCiphertext.bytes, ciphertext);
  }

  /** Forgets the MAC's key; the direction is of no use afterwards. */
  wipe(): void {
    this.#mac.wipe();
  }

  #setNumbers(position: number, header: string, ciphertext: Bytes): void {
    this.#beforeHeader.setU64(0, position);
    this.#beforeHeader.setU32(8, header.length);
    this.#beforeCiphertext.setU32(0, ciphertext.length);
  }
}

/** A constant part of the HMAC's input and numbers behind it, which change in place from one envelope to the next. */
class HmacHead {
  readonly bytes: Bytes;
  readonly #numbers: DataView;

  constructor(constant: Bytes, numbersLength: number) {
    this.bytes = concatBytes(constant, new Uint8Array(numbersLength));
    this.#numbers = new DataView(this.bytes.buffer, constant.length);
  }

  setU32(offset: number, value: number): void {
    this.#numbers.setUint32(offset, value);
  }
  setU64(offset: number, value: number): void {
    this.setU32(offset, Math.floor(value / 2 ** 32));
    this.setU32(offset + 4, value % 2 ** 32);
  }
}

/** The two types of version 1; an envelope that names others was refused before its HMAC is computed. */
const LV32_TYPES = new Writer()
  .u32(ENC_TYPE.length)
  .bytes(encodeUtf8(ENC_TYPE))
  .u32(HMAC_TYPE.length)
  .bytes(encodeUtf8(HMAC_TYPE))
  .finish();
