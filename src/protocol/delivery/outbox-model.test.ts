import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutgoingRecord } from '../../testing/memory-pair.ts';
import { OutboxRig, rigId } from '../../testing/outbox-rig.ts';
import { idToBytes } from '../envelope/index.ts';
import type { OutboxRow } from './message.ts';
import type { SendProgress } from './send-progress.ts';

// The outbox against a peer and a person who do anything at any time, with turns that are committed late and programs that
// die before. What is checked knows nothing of windows, pages and overlays: only lists.

type Step =
  | { readonly type: 'queue'; readonly count: number }
  | { readonly type: 'exchange'; readonly rounds: number }
  | { readonly type: 'withdraw' | 'erase'; readonly place: number }
  | { readonly type: 'send' | 'ack' | 'lose'; readonly share: number }
  | {
      readonly type:
        | 'commit'
        | 'connect'
        | 'connect-early'
        | 'not-ok'
        | 'crash'
        | 'withdraw-all'
        | 'erase-all'
        | 'expire'
        | 'new-epoch'
        | 'forget';
    };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('queue' as const), count: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('exchange' as const), rounds: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constantFrom('send' as const, 'ack' as const), share }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom('withdraw' as const, 'erase' as const), place: share }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('lose' as const), share }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('commit' as const, 'connect' as const, 'connect-early' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'not-ok' as const,
        'crash' as const,
        'withdraw-all' as const,
        'erase-all' as const,
        'expire' as const,
        'new-epoch' as const,
        'forget' as const,
      ),
    }),
  },
);

/** States only go to the right, but for what left early alone. */
const ORDER: Readonly<Record<string, number>> = {
  queued: 0,
  sent: 1,
  cancelled: 2,
  expired: 2,
  delivered: 2,
  refused: 2,
  failed: 2,
  erased: 3,
};

class Story {
  readonly rig = new OutboxRig();
  /** What the peer has on its disk: seq to id and type, in order; and of which epoch. */
  held: OutboxRow[] = [];
  heldEpoch: Uint8Array = new Uint8Array(16);
  progress: SendProgress | undefined;
  isReady = false;
  #queued = 0;
  #epochs = 1;
  #hasForgotten = false;
  #states = new Map<string, string>();

  perform(each: Step): void {
    const { rig } = this;
    switch (each.type) {
      case 'queue':
        for (let n = 0; n < each.count; n++) {
          const expiry = this.#queued % 7 === 0 ? { expiresWall: rig.nowWall + 5_000 } : {};
          rig.enqueue(++this.#queued, expiry);
        }
        break;
      case 'exchange':
        this.exchange(each.rounds);
        break;
      case 'withdraw':
        rig.apply(rig.outbox.withdraw(this.#some(each.place), rig.nowWall));
        break;
      case 'erase':
        rig.apply(rig.outbox.erase([this.#some(each.place)], rig.nowWall));
        break;
      case 'withdraw-all':
        rig.apply(rig.outbox.withdrawAll(rig.nowWall));
        break;
      case 'erase-all':
        rig.apply(rig.outbox.eraseAll(rig.nowWall));
        break;
      case 'expire':
        rig.nowWall += 5_000;
        rig.apply(rig.outbox.expire(rig.nowWall));
        break;
      case 'commit':
        rig.commit();
        break;
      case 'crash':
        rig.crash();
        this.progress = undefined;
        break;
      case 'connect':
        this.connect();
        break;
      case 'connect-early':
        this.#begin();
        break;
      case 'not-ok':
        if (this.progress && !this.isReady) rig.pending.push(...rig.outbox.forgetEarly(this.progress));
        this.#hasForgotten = true;
        this.progress = undefined;
        break;
      case 'send':
        this.send(each.share);
        break;
      case 'ack':
        this.ack(each.share);
        break;
      case 'lose':
        this.held = this.held.slice(0, Math.floor(this.held.length * each.share));
        this.progress = undefined;
        break;
      case 'forget':
        this.held = [];
        this.heldEpoch = new Uint8Array(16);
        this.progress = undefined;
        break;
      case 'new-epoch':
        rig.pending.push(...rig.outbox.startEpoch(new Uint8Array(16).fill(++this.#epochs)));
        this.progress = undefined;
    }
    this.#check();
  }

  /** The peer has everything, and we know it. */
  get isDone(): boolean {
    const { outbox } = this.rig;
    return outbox.isEmpty && (this.held.at(-1)?.seq ?? 0) === outbox.assigned;
  }
  connect(): void {
    if (!this.progress || this.isReady) this.#begin();
    if (!this.progress) return;
    this.isReady = true;
    const last = this.held.at(-1);
    const failure = this.rig.ready(this.progress, {
      peerEpoch: this.heldEpoch,
      stored: last?.seq ?? 0,
      storedId: last ? idToBytes(last.id) : new Uint8Array(16),
    });
    must(failure === '', failure);
  }
  #begin(): void {
    const { rig } = this;
    rig.now += 1_000;
    this.progress = rig.outbox.newProgress(rig.now);
    this.isReady = false;
    this.#waiting.clear();
    const first = rig.announce(this.progress);
    rig.commit();
    const epoch = rig.store.standing('bob')?.outbox?.epoch ?? new Uint8Array(16);
    const isNew = this.heldEpoch.some((byte, index) => byte !== epoch[index]);
    if (isNew) this.held = [];
    this.heldEpoch = epoch;
    this.#skipTo(first);
  }
  /** What can no longer come is passed over. */
  #skipTo(first: number): void {
    const stored = this.held.at(-1)?.seq ?? 0;
    const [passed] = this.rig.store.outgoing('bob', {
      epoch: this.heldEpoch,
      after: first - 2,
      upTo: first - 1,
      limit: 1,
    });
    if (first > stored + 1 && passed) this.held.push(passed);
  }

  /** As long as nothing goes wrong. */
  exchange(rounds: number): void {
    this.rig.commit();
    if (!this.progress || !this.isReady) this.connect();
    for (let round = 0; round < rounds; round++) {
      const { outbox, nowWall } = this.rig;
      if ((outbox.nextExpiryWall ?? Number.POSITIVE_INFINITY) <= nowWall)
        this.rig.apply(outbox.expire(nowWall));
      this.send(5);
      this.ack(0);
      this.rig.commit();
    }
  }

  /** Some of what may go out now; it reaches the peer, in order. */
  send(part: number): void {
    const { rig, progress } = this;
    if (!progress) return;
    const leftBefore = rig.outbox.sent;
    const rows = rig.send(progress, 520 + part * 100_000);
    if (rows.length === 0) return;
    const late = rows.find(
      ({ seq, expiresWall = rig.nowWall + 1 }) => seq > leftBefore && expiresWall <= rig.nowWall,
    );
    must(!late, `${late?.seq} leaves for the first time when its time is over`);
    const kept = new Map(rig.store.sent('bob').map((message) => [message.id, message]));
    for (const row of rows) this.#arrive(row, kept.get(row.id));
  }
  #waiting = new Map<number, OutboxRow>();
  #arrive(row: OutboxRow, mine: OutgoingRecord | undefined): void {
    must(mine?.seq === row.seq, `${row.id} goes out as ${row.seq}, and the store has it at ${mine?.seq}`);
    const isGone = ['cancelled', 'expired', 'failed', 'erased'].includes(mine?.state ?? '');
    must(row.type === (isGone ? 'void' : 'text'), `${row.seq} goes out as ${row.type} and is ${mine?.state}`);
    this.#waiting.set(row.seq, row);
  }
  receive(): void {
    let next = (this.held.at(-1)?.seq ?? 0) + 1;
    for (let row = this.#waiting.get(next); row; row = this.#waiting.get(++next)) this.held.push(row);
  }
  ack(part: number): void {
    if (!this.progress || !this.isReady) return;
    this.receive();
    const stored = this.held.at(-1)?.seq ?? 0;
    const cumulative = Math.floor(stored * (part < 0.5 ? 1 : part));
    const before = this.rig.outbox.settled;
    const effects = this.rig.ack(this.progress, cumulative);
    const settled = new Set(
      this.held.filter(({ seq }) => seq > before && seq <= cumulative).map((row) => row.id),
    );
    for (const effect of effects)
      must(effect.type === 'delivered' && settled.has(effect.id), 'the peer does not have what is delivered');
  }

  #some(place: number): string {
    return rigId(1 + Math.floor(place * this.#queued));
  }
  #check(): void {
    for (const { id, state } of this.rig.store.sent('bob')) {
      const before = this.#states.get(id) ?? 'queued';
      const isBack = (ORDER[state] ?? 9) < (ORDER[before] ?? 9);
      const wasEarly = this.#hasForgotten && before === 'sent' && state === 'queued';
      must(!isBack || wasEarly, `${id} went back from ${before} to ${state}`);
      this.#states.set(id, state);
    }
    if (this.rig.pending.length > 0) return;
    this.#hasForgotten = false;
    const { outbox, store } = this.rig;
    const standing = store.standing('bob')?.outbox;
    if (!standing) return;
    const { assigned, sent, settled, waiting, waitingBytes } = outbox;
    const mine = [assigned, sent, settled, waiting, waitingBytes].join();
    const kept = [
      standing.assigned,
      standing.sent,
      standing.settled,
      standing.waiting,
      standing.waitingBytes,
    ].join();
    must(mine === kept, `the outbox stands at ${mine}, the store at ${kept}`);
  }
}

function must(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

test('whatever happens in between: states never go back, nothing is lost, and what is on the disk is what goes out (DLV-04, DLV-07, DLV-11, DLV-13)', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const story = new Story();
      for (const each of steps) story.perform(each);
      // Then faults stop: everything that waits arrives, in order.
      story.rig.commit();
      story.connect();
      for (let round = 0; round < 100 && !story.isDone; round++) story.exchange(1);
      const { outbox, store } = story.rig;
      expect([story.isDone, outbox.isEmpty, outbox.waiting, outbox.waitingBytes]).toEqual([true, true, 0, 0]);
      const open = store.sent('bob').filter((message) => ['queued', 'sent'].includes(message.state));
      expect(open).toEqual([]);
      const told = story.rig.told.flatMap((effect) => (effect.type === 'delivered' ? [effect.id] : []));
      expect(new Set(told).size, 'delivered is said once').toBe(told.length);
      expect(told, 'in the order of writing').toEqual([...told].sort());
    }),
    { numRuns: 100 },
  );
});
