import {
  Outbox,
  type Decision,
  type DeliveryChange,
  type DeliveryEffect,
  type NewMessage,
  type OutboxRow,
  type SendProgress,
} from '../protocol/delivery/index.ts';
import type { Bytes, Now } from '../base/index.ts';
import type { Ack, AckException, Ready } from '../protocol/session/index.ts';
import { MemoryStore } from './memory-store.ts';

const NOW = 1_700_000_000_000;
export const RIG_EPOCH: Bytes = new Uint8Array(16).fill(1);
export const RIG_KEY: Bytes = new Uint8Array(32).fill(5);

/** An outbox on a store in memory, to be driven by hand. Nothing is committed unless it is told. */
export class OutboxRig {
  readonly store: MemoryStore = new MemoryStore();
  outbox: Outbox = this.#open();
  /** What the next commit writes. */
  pending: DeliveryChange[] = [];
  /** Everything that was decided, in order. */
  readonly effects: DeliveryEffect[] = [];
  /** What of it was committed: only then is it performed. */
  readonly told: DeliveryEffect[] = [];
  #untold: DeliveryEffect[] = [];
  nowWall: number = NOW;
  now = 0;

  get time(): Now {
    return { monotonic: this.now, wall: this.nowWall };
  }

  #open(): Outbox {
    return new Outbox('bob', this.store, RIG_EPOCH, this.store.standing('bob')?.outbox);
  }

  /** Messages 1 to `count`, committed. */
  static with(count: number): OutboxRig {
    const rig = new OutboxRig();
    for (let n = 1; n <= count; n++) rig.enqueue(n);
    rig.commit();
    return rig;
  }

  commit(): void {
    this.store.commit(this.pending.splice(0));
    this.told.push(...this.#untold.splice(0));
  }
  /** The program is gone, and with it what was not committed; then it is back. */
  crash(): void {
    this.pending = [];
    this.#untold = [];
    this.outbox = this.#open();
  }
  apply(decision: Decision | undefined): readonly DeliveryEffect[] {
    this.pending.push(...(decision?.changes ?? []));
    this.effects.push(...(decision?.effects ?? []));
    this.#untold.push(...(decision?.effects ?? []));
    return decision?.effects ?? [];
  }

  /** False when the queue is full. */
  enqueue(n: number, more: Partial<NewMessage> = {}): boolean {
    const plaintext = new Uint8Array(4).fill(97);
    const queued = this.outbox.enqueue({ id: rigId(n), type: 'text', plaintext, timestamp: n, ...more });
    if (queued.ok) this.apply(queued.value);
    return queued.ok;
  }

  /** A connection up to both READYs; or the code of why it fails. */
  connect(
    holds: Partial<Ready> = {},
    key: Bytes = RIG_KEY,
  ): { readonly progress: SendProgress; readonly failure: string } {
    const progress = this.outbox.newProgress(this.now);
    this.announce(progress, key);
    return { progress, failure: this.ready(progress, holds) };
  }
  /** `first` of our READY. */
  announce(progress: SendProgress, key: Bytes = RIG_KEY): number {
    const { fields, changes } = this.outbox.readyFields(progress, key, this.nowWall);
    this.pending.push(...changes);
    return fields.first;
  }
  ready(progress: SendProgress, holds: Partial<Ready> = {}): string {
    const agreed = this.outbox.onReady(progress, rigReady(holds));
    if (!agreed.ok) return agreed.failure.code;
    this.apply(agreed.value);
    return '';
  }

  /** One record, committed before it leaves. */
  send(progress: SendProgress, bytesMax: number = Number.POSITIVE_INFINITY): readonly OutboxRow[] {
    const rows = this.outbox.take(progress, this.time, bytesMax);
    this.pending.push(...this.outbox.markSent(progress, rows));
    this.commit();
    return rows;
  }
  ack(
    progress: SendProgress,
    cumulative: number,
    exceptions: readonly AckException[] = [],
    key: Bytes = RIG_KEY,
  ): readonly DeliveryEffect[] {
    const ack: Ack = { cumulative, exceptions };
    return this.apply(this.outbox.onAck(progress, ack, key, this.nowWall, this.now));
  }
}

export function rigId(n: number): string {
  return `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;
}

export function rigReady(fields: Partial<Ready> = {}): Ready {
  return {
    status: 'ok',
    clock: 0,
    maxVersion: 1,
    capabilities: 0,
    epoch: new Uint8Array(16).fill(9),
    peerEpoch: RIG_EPOCH,
    stored: 0,
    storedId: new Uint8Array(16),
    first: 1,
    last: 0,
    ...fields,
  };
}
