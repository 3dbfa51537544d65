import { failure, success, unreachable, wipe, type Bytes, type Result } from '../../base/index.ts';
import type { Entropy, Primitives } from '../../crypto/index.ts';
import { answerRekey, beginRekey, type BegunRekey, type Rekeyed, type Role } from '../handshake/index.ts';
import { FRAME_HEADER_LENGTH } from '../wire/index.ts';
import type { Item } from './item.ts';
import { openRecords, type Records } from './open-records.ts';
import { SYMMETRIC_REKEY_RECORDS } from './record.ts';

/** When keys are replaced. The wire knows only `symmetricRecords`: both sides must have the same. */
export interface RekeyLimits {
  /** From READY or the last key exchange to the next, ms. */
  readonly afterMs: number;
  /** Frame bytes, both ways together, that bring the next key exchange on earlier. */
  readonly afterBytes: number;
  /** Records of one direction after each of which its record key steps on. */
  readonly symmetricRecords: number;
}

/** spec/03 "Rekey". */
export const REKEY_LIMITS: RekeyLimits = {
  afterMs: 3_600_000,
  afterBytes: 2 ** 30,
  symmetricRecords: SYMMETRIC_REKEY_RECORDS,
};

export type RekeyItem = Extract<Item, { type: 'rekey-1' | 'rekey-2' | 'keyswitch' }>;

/** Where the key exchange stands at one side. */
type Exchange =
  | { readonly step: 'none' }
  /** Initiator: REKEY1 is sent. */
  | { readonly step: 'asked'; readonly begun: BegunRekey }
  /** Our direction has the new keys with our KEYSWITCH; the peer's KEYSWITCH is outstanding. */
  | { readonly step: 'agreed'; readonly next: Records }
  /** The peer said CLOSE: nothing of an exchange may come any more. */
  | { readonly step: 'over' };

export interface SessionRecordsOptions {
  readonly primitives: Primitives;
  readonly entropy: Entropy;
  readonly role: Role;
  readonly limits: RekeyLimits;
}

/**
 * The keys in force of a proven connection, one set a direction, and the exchange that replaces them (spec/03 "Rekey").
 * A KEYSWITCH that is sealed or taken here is the moment at which its direction changes over.
 */
export class SessionRecords {
  readonly #options: SessionRecordsOptions;
  #records: Records;
  #exchange: Exchange = { step: 'none' };
  #isClosing = false;
  #frameBytes = 0;

  /** The session secret in `established` is wiped. */
  constructor({ primitives, entropy, role, limits }: SessionRecordsOptions, established: Rekeyed) {
    this.#options = { primitives, entropy, role, limits };
    this.#records = this.#open(established);
  }

  get envelopeSealer(): Records['envelopeSealer'] {
    return this.#records.envelopeSealer;
  }
  get envelopeOpener(): Records['envelopeOpener'] {
    return this.#records.envelopeOpener;
  }
  get isRekeying(): boolean {
    return this.#exchange.step === 'asked' || this.#exchange.step === 'agreed';
  }
  /** The initiator has counted enough bytes for new keys. */
  get isSpent(): boolean {
    return this.#mayBegin && this.#frameBytes >= this.#options.limits.afterBytes;
  }

  /** The frame that carries the items. */
  seal(items: readonly Item[]): Bytes {
    const { sealer, envelopeSealer } = this.#records;
    const frame = sealer.sealFrame(items);
    this.#frameBytes += frame.length;
    if (items.at(-1)?.type === 'keyswitch' && this.#exchange.step === 'agreed') {
      sealer.wipe();
      envelopeSealer.wipe();
      const { next } = this.#exchange;
      this.#records = { ...this.#records, sealer: next.sealer, envelopeSealer: next.envelopeSealer };
    }
    return frame;
  }

  open(body: Bytes): Result<readonly Item[]> {
    this.#frameBytes += FRAME_HEADER_LENGTH + body.length;
    return this.#records.opener.open(body);
  }

  /** The initiator's REKEY1, when an exchange may begin. */
  begin(): Item | undefined {
    if (!this.#mayBegin) return undefined;
    const begun = beginRekey({ ...this.#options, ...this.#records.rekey });
    this.#exchange = { step: 'asked', begun };
    return { type: 'rekey-1', message: begun.rekey1 };
  }

  /** What is to be sent at once, in one record. Fails with item-unexpected or rekey-failed. */
  take(item: RekeyItem, isLastOfRecord: boolean): Result<readonly Item[]> {
    switch (item.type) {
      case 'rekey-1':
        return this.#answer(item.message);
      case 'rekey-2':
        return this.#finish(item.message);
      case 'keyswitch':
        return isLastOfRecord
          ? this.#switchIncoming()
          : unexpected('KEYSWITCH is the last item of its record.');
      default:
        return unreachable(item);
    }
  }

  /** Our CLOSE leaves: we begin and answer nothing more, but read on under the keys that the peer goes over to. */
  noteClosing(): void {
    this.#isClosing = true;
  }
  /** The peer's CLOSE has come: its direction has ended, and an exchange under way with it. */
  notePeerClosed(): void {
    this.#endExchange();
    this.#exchange = { step: 'over' };
  }

  wipe(): void {
    this.#endExchange();
    wipeRecords(this.#records);
  }

  get #mayBegin(): boolean {
    return this.#options.role === 'initiator' && this.#exchange.step === 'none' && !this.#isClosing;
  }

  #answer(rekey1: Bytes): Result<readonly Item[]> {
    const isMoment = this.#options.role === 'responder' && this.#exchange.step === 'none';
    if (!isMoment) return unexpected('REKEY1 came at a wrong moment.');
    if (this.#isClosing) return success([]);
    const answered = answerRekey({ ...this.#options, ...this.#records.rekey }, rekey1);
    if (!answered.ok) return answered;
    this.#agree(answered.value);
    return success([{ type: 'rekey-2', message: answered.value.rekey2 }, { type: 'keyswitch' }]);
  }

  #finish(rekey2: Bytes): Result<readonly Item[]> {
    if (this.#exchange.step !== 'asked') return unexpected('REKEY2 answers nothing.');
    const finished = this.#exchange.begun.finish(rekey2);
    if (!finished.ok) return finished;
    this.#agree(finished.value);
    return success(this.#isClosing ? [] : [{ type: 'keyswitch' }]);
  }

  #agree(rekeyed: Rekeyed): void {
    const next = this.#open(rekeyed);
    wipe(this.#records.rekey.psk);
    this.#records = { ...this.#records, rekey: next.rekey };
    this.#exchange = { step: 'agreed', next };
  }

  #switchIncoming(): Result<readonly Item[]> {
    if (this.#exchange.step !== 'agreed') return unexpected('KEYSWITCH came without new keys.');
    const { next } = this.#exchange;
    this.#records.opener.wipe();
    this.#records.envelopeOpener.wipe();
    this.#records = { ...this.#records, opener: next.opener, envelopeOpener: next.envelopeOpener };
    this.#exchange = { step: 'none' };
    this.#frameBytes = 0;
    return success([]);
  }

  #endExchange(): void {
    if (this.#exchange.step === 'asked') this.#exchange.begun.wipe();
    // Our own direction may be on the next keys already: those stay until the end.
    if (this.#exchange.step !== 'agreed') return;
    this.#exchange.next.opener.wipe();
    this.#exchange.next.envelopeOpener.wipe();
  }

  #open(from: Rekeyed): Records {
    const { primitives, role, limits } = this.#options;
    return openRecords(primitives, role, from, limits.symmetricRecords);
  }
}

function wipeRecords({ sealer, opener, envelopeSealer, envelopeOpener, rekey }: Records): void {
  for (const part of [sealer, opener, envelopeSealer, envelopeOpener]) part.wipe();
  wipe(rekey.psk);
}

function unexpected(message: string): Result<never> {
  return failure('item-unexpected', message);
}
