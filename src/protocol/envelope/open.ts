import { decodeUtf8, encodeUtf8, failure, success, type Bytes, type Result } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { ENC_TYPE, EnvelopeDirection, HMAC_TYPE, type EnvelopeOptions } from './direction.ts';
import { PLAINTEXT_BYTES_MAX, type EnvelopeHeader } from './header.ts';
import { decodeLayout, type Layout } from './layout.ts';

export interface OpenedEnvelope {
  readonly header: EnvelopeHeader;
  readonly plaintext: Bytes;
}

/** Opens the envelopes of one direction, one call for each MSG item, in order. */
export class EnvelopeOpener {
  readonly #primitives: Primitives;
  readonly #direction: EnvelopeDirection;

  constructor(options: EnvelopeOptions) {
    this.#primitives = options.primitives;
    this.#direction = new EnvelopeDirection(options);
  }

  /**
   * Checks in the order of spec/04 "What the receiver checks"; each failure has its own code. k counts in any case;
   * the keystream moves only when the HMAC was right, so that the first failure has to be the session's last envelope.
   */
  open(envelope: Bytes, itemSeq: number): Result<OpenedEnvelope> {
    const position = this.#direction.nextPosition();
    const layout = decodeLayout(envelope);
    if (!layout.ok) return layout;
    const ciphertext = this.#primitives.decodeBase64(layout.value.message);
    const tag = this.#primitives.decodeBase64(layout.value.hmacValue);
    if (ciphertext === undefined || tag === undefined) {
      return failure('envelope-base64', 'a field is not canonical base64');
    }
    if (ciphertext.length > PLAINTEXT_BYTES_MAX)
      return failure('envelope-range', 'message is out of its range');
    const authentic = this.#authenticate(layout.value, ciphertext, tag, position, itemSeq);
    if (!authentic.ok) return authentic;
    const plaintext = this.#direction.applyKeystream(ciphertext);
    if (!isWhatTypeSays(layout.value.header.type, plaintext)) {
      return failure('envelope-text', 'the plaintext is not what its type says');
    }
    return success({ header: layout.value.header, plaintext });
  }

  #authenticate(
    layout: Layout,
    ciphertext: Bytes,
    tag: Bytes,
    position: number,
    itemSeq: number,
  ): Result<void> {
    if (layout.header.seq !== itemSeq) {
      return failure('envelope-seq', `the header names seq ${layout.header.seq}, its item ${itemSeq}`);
    }
    if (this.#primitives.crc32(encodeUtf8(layout.message)) !== layout.crc) {
      return failure('envelope-crc', 'the CRC does not match the message');
    }
    if (layout.encType !== ENC_TYPE) return failure('envelope-enc-type', `enc_type is not ${ENC_TYPE}`);
    if (layout.hmacType !== HMAC_TYPE) return failure('envelope-hmac-type', `hmac_type is not ${HMAC_TYPE}`);
    const expected = this.#direction.sign(position, layout.headerText, ciphertext);
    if (!this.#primitives.equalConstantTime(tag, expected)) {
      return failure('envelope-hmac', 'the HMAC does not match');
    }
    return success(undefined);
  }
}

function isWhatTypeSays(type: string, plaintext: Bytes): boolean {
  const text = decodeUtf8(plaintext);
  if (text === undefined || type === 'text') return text !== undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
