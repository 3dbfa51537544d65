import { decodeUtf8, failure, success, type Bytes, type Failure, type Result } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { ENC_TYPE, EnvelopeDirection, HMAC_TYPE, type EnvelopeOptions } from './direction.ts';
import type { EnvelopeHeader, SealedEnvelope } from './header.ts';
import { readLayout } from './read-layout.ts';

/** An envelope that passed every check. */
export interface OpenedEnvelope {
  readonly header: EnvelopeHeader;
  readonly plaintext: Bytes;
}

export interface OpenedEnvelopes {
  /** All of them, or those before the first that failed. The plaintexts are views of one array. */
  readonly opened: readonly OpenedEnvelope[];
  /** Of the first that failed: no later envelope of this direction may be opened. */
  readonly failure: Failure | undefined;
}

/** Everything but the decryption is done. */
interface AuthenticEnvelope {
  readonly header: EnvelopeHeader;
  readonly ciphertext: Bytes;
}

/** Opens the envelopes of one direction, every MSG item once and in order. */
export class EnvelopeOpener {
  readonly #primitives: Primitives;
  readonly #direction: EnvelopeDirection;

  constructor(options: EnvelopeOptions) {
    this.#primitives = options.primitives;
    this.#direction = new EnvelopeDirection(options);
  }

  /**
   * Checks in the order of spec/04 "What the receiver checks"; each failure has its own code. Nothing is decrypted before
   * its HMAC was right; k counts for an envelope that fails, too.
   */
  openAll(items: readonly SealedEnvelope[]): OpenedEnvelopes {
    const authentic: AuthenticEnvelope[] = [];
    let fault: Failure | undefined;
    for (const item of items) {
      const result = this.#authenticate(item);
      if (!result.ok) {
        fault = result.failure;
        break;
      }
      authentic.push(result.value);
    }
    const plaintexts = this.#direction.applyKeystream(authentic.map(({ ciphertext }) => ciphertext));
    const opened: OpenedEnvelope[] = [];
    let end = 0;
    for (const { header, ciphertext } of authentic) {
      const plaintext = plaintexts.subarray(end, (end += ciphertext.length));
      if (!isWhatTypeSays(header.type, plaintext)) {
        fault = failure('envelope-text', 'the plaintext is not what its type says').failure;
        break;
      }
      opened.push({ header, plaintext });
    }
    return { opened, failure: fault };
  }

  /** `openAll` for one. */
  open(envelope: Bytes, seq: number): Result<OpenedEnvelope> {
    const { opened, failure: fault } = this.openAll([{ seq, envelope }]);
    const [only] = opened;
    if (only !== undefined) return success(only);
    if (fault === undefined) throw new Error('one envelope neither opens nor fails');
    return { ok: false, failure: fault };
  }

  /** Forgets the key of the HMAC; the opener is of no use afterwards. */
  wipe(): void {
    this.#direction.wipe();
  }

  #authenticate({ seq, envelope }: SealedEnvelope): Result<AuthenticEnvelope> {
    const position = this.#direction.nextPosition();
    const layout = readLayout(this.#primitives, envelope);
    if (!layout.ok) return layout;
    const { header, message, crc, encType, hmacType, headerText, ciphertext, tag } = layout.value;
    if (header.seq !== seq)
      return failure('envelope-seq', `the header names seq ${header.seq}, its item ${seq}`);
    if (this.#primitives.crc32(message) !== crc)
      return failure('envelope-crc', 'the CRC does not match the message');
    if (encType !== ENC_TYPE) return failure('envelope-enc-type', `enc_type is not ${ENC_TYPE}`);
    if (hmacType !== HMAC_TYPE) return failure('envelope-hmac-type', `hmac_type is not ${HMAC_TYPE}`);
    const expected = this.#direction.sign(position, headerText, ciphertext);
    if (!this.#primitives.equalConstantTime(tag, expected))
      return failure('envelope-hmac', 'the HMAC does not match');
    return success({ header, ciphertext });
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
