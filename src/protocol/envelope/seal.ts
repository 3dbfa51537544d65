import { encodeUtf8, type Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { ENC_TYPE, EnvelopeDirection, HMAC_TYPE, type EnvelopeOptions } from './direction.ts';
import { checkHeaderRanges, encodeHeader, PLAINTEXT_BYTES_MAX, type EnvelopeHeader } from './header.ts';
import { encodeLayout } from './layout.ts';

/** Seals the envelopes of one direction, in the order in which they go into MSG items; none is ever sent twice. */
export class EnvelopeSealer {
  readonly #primitives: Primitives;
  readonly #direction: EnvelopeDirection;

  constructor(options: EnvelopeOptions) {
    this.#primitives = options.primitives;
    this.#direction = new EnvelopeDirection(options);
  }

  /**
   * The envelope's bytes. A header out of its ranges, or more than 40 KiB of plaintext, are our own bug and throw
   * before the counter or the keystream moved.
   */
  seal(header: EnvelopeHeader, plaintext: Bytes): Bytes {
    const ranges = checkHeaderRanges(header);
    if (!ranges.ok) throw new RangeError(ranges.failure.message);
    if (plaintext.length > PLAINTEXT_BYTES_MAX) throw new RangeError('the plaintext is longer than 40 KiB');
    const ciphertext = this.#direction.applyKeystream(plaintext);
    const message = this.#primitives.encodeBase64(ciphertext);
    const headerText = encodeHeader(header, this.#primitives.crc32(encodeUtf8(message)));
    const tag = this.#direction.sign(this.#direction.nextPosition(), headerText, ciphertext);
    const hmacValue = this.#primitives.encodeBase64(tag);
    return encodeUtf8(
      encodeLayout({ headerText, message, hmacType: HMAC_TYPE, hmacValue, encType: ENC_TYPE }),
    );
  }
}
