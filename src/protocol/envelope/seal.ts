import { encodeUtf8, type Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { ENC_TYPE, EnvelopeDirection, HMAC_TYPE, type EnvelopeOptions } from './direction.ts';
import {
  checkHeaderRanges,
  encodeHeader,
  PLAINTEXT_BYTES_MAX,
  type EnvelopeHeader,
  type SealedEnvelope,
} from './header.ts';
import { encodeLayout } from './layout.ts';

/** What goes into an envelope. */
export interface Sealable {
  readonly header: EnvelopeHeader;
  readonly plaintext: Bytes;
}

/** Seals the envelopes of one direction, in the order in which they go into MSG items; none is ever sent twice. */
export class EnvelopeSealer {
  readonly #primitives: Primitives;
  readonly #direction: EnvelopeDirection;

  constructor(options: EnvelopeOptions) {
    this.#primitives = options.primitives;
    this.#direction = new EnvelopeDirection(options);
  }

  /**
   * The envelopes' bytes, views of one array. A header out of its ranges, or more than 40 KiB of plaintext, are our own bug
   * and throw before the counter or the keystream moved.
   */
  sealAll(messages: readonly Sealable[]): readonly SealedEnvelope[] {
    for (const { header, plaintext } of messages) {
      const ranges = checkHeaderRanges(header);
      if (!ranges.ok) throw new RangeError(ranges.failure.message);
      if (plaintext.length > PLAINTEXT_BYTES_MAX) throw new RangeError('the plaintext is longer than 40 KiB');
    }
    const ciphertexts = viewsOf(this.#direction.applyKeystream(messages.map(({ plaintext }) => plaintext)));
    const texts = messages.map(({ header, plaintext }) => ({
      seq: header.seq,
      text: this.#envelope(header, ciphertexts(plaintext.length)),
    }));
    // An envelope is ASCII, so a text's length is that of its bytes.
    const envelopes = viewsOf(encodeUtf8(texts.map(({ text }) => text).join('')));
    return texts.map(({ seq, text }) => ({ seq, envelope: envelopes(text.length) }));
  }

  /** `sealAll` for one. */
  seal(header: EnvelopeHeader, plaintext: Bytes): Bytes {
    const [sealed] = this.sealAll([{ header, plaintext }]);
    if (sealed === undefined) throw new Error('nothing was sealed');
    return sealed.envelope;
  }

  /** Forgets the key of the HMAC; the sealer is of no use afterwards. */
  wipe(): void {
    this.#direction.wipe();
  }

  #envelope(header: EnvelopeHeader, ciphertext: Bytes): string {
    const message = this.#primitives.encodeBase64(ciphertext);
    const headerText = encodeHeader(header, this.#primitives.crc32(message));
    const hmacValue = this.#direction.signBase64(this.#direction.nextPosition(), headerText, ciphertext);
    return encodeLayout({ headerText, message, hmacType: HMAC_TYPE, hmacValue, encType: ENC_TYPE });
  }
}

/** Cuts an array into consecutive views. */
function viewsOf(whole: Bytes): (length: number) => Bytes {
  let end = 0;
  return (length) => whole.subarray(end, (end += length));
}
