import { CodedError, unreachable } from '../base/index.ts';
import type { GuessLedger, TrustRecord } from '../directory/index.ts';
import type { Change, Store } from '../engine/index.ts';
import type { DeliveryChange, OutboxRow, Standing } from '../protocol/delivery/index.ts';
import { MemoryInbox, MemoryOutbox, type OutgoingRecord } from './memory-pair.ts';

/**
 * What a database keeps, in memory: for worlds on virtual time and for tests. A program that crashes is made anew on the same
 * store; nothing is ever forgotten, so that a test sees all that was.
 */
export class MemoryStore implements Store {
  readonly trust: Map<string, TrustRecord> = new Map();
  guesses: GuessLedger | undefined;
  readonly reachedUs: Map<string, number> = new Map();
  /** A screen has shown this message, and everything that was stored before it. */
  shown: { readonly peer: string; readonly id: string } | undefined;
  /** What was begun to be written, by the contact. */
  readonly drafts: Map<string, string> = new Map();
  readonly readUpTo: Map<string, number> = new Map();
  readonly mutedUntil: Map<string, number> = new Map();
  /** Turns that were committed. */
  commits = 0;
  /** before: the disk refuses · after: it has written, and says that it has not. */
  refusal: 'none' | 'before' | 'after' = 'none';
  readonly #outboxes = new Map<string, MemoryOutbox>();
  readonly #inboxes = new Map<string, MemoryInbox>();
  readonly #positions = new Map<string, number>();

  get records(): readonly TrustRecord[] {
    return [...this.trust.values()];
  }

  commit(changes: readonly Change[]): void {
    if (this.refusal === 'before') throw refused();
    for (const change of changes) this.#apply(change);
    this.commits++;
    if (this.refusal === 'after') throw refused();
  }

  /** Here of every message that ever came. */
  positionOf(peer: string, id: string): number | undefined {
    return this.#positions.get(`${peer} ${id}`);
  }

  /** Texts that came from a peer, in the order in which they were stored. */
  received(peer: string): readonly string[] {
    return this.#inboxes.get(peer)?.texts ?? [];
  }
  /** Every message that was ever queued for a peer, oldest first. */
  sent(peer: string): readonly OutgoingRecord[] {
    return this.#outboxes.get(peer)?.records ?? [];
  }

  correspondents(): readonly string[] {
    const names = new Set([...this.#outboxes.keys(), ...this.#inboxes.keys()]);
    return [...names].filter((name) => this.standing(name));
  }
  standing(peer: string): Standing | undefined {
    const outbox = this.#outboxes.get(peer)?.standing;
    const inbox = this.#inboxes.get(peer)?.standing;
    return outbox || inbox ? { outbox, inbox } : undefined;
  }
  outgoing(...[peer, range]: Parameters<Store['outgoing']>): readonly OutboxRow[] {
    return this.#outboxes.get(peer)?.page(range) ?? [];
  }
  findOutgoing(id: string): { readonly peer: string; readonly seq: number } | undefined {
    for (const [peer, outbox] of this.#outboxes) {
      const seq = outbox.seqOf(id);
      if (seq !== undefined) return { peer, seq };
    }
    return undefined;
  }
  seqOfIncoming(peer: string, id: string): number | undefined {
    return this.#inboxes.get(peer)?.seqOf(id);
  }
  expiring(...[peer, nowWall, limit]: Parameters<Store['expiring']>): ReturnType<Store['expiring']> {
    return this.#outboxes.get(peer)?.expiring(nowWall, limit) ?? { rows: [], nextWall: undefined };
  }
  repairableFrom(...[peer, key, range]: Parameters<Store['repairableFrom']>): number | undefined {
    return this.#outboxes.get(peer)?.repairableFrom(key, range);
  }

  #place(peer: string, id: string): void {
    const key = `${peer} ${id}`;
    if (!this.#positions.has(key)) this.#positions.set(key, this.#positions.size + 1);
  }
  #apply(change: Change): void {
    switch (change.type) {
      case 'trust':
        this.trust.set(change.record.username, change.record);
        return;
      case 'guesses':
        this.guesses = change.guesses;
        return;
      case 'reached-us':
        this.reachedUs.set(change.peer, change.atWall);
        return;
      case 'shown':
        this.shown = { peer: change.peer, id: change.id };
        return;
      case 'draft':
        if (change.text === '') this.drafts.delete(change.peer);
        else this.drafts.set(change.peer, change.text);
        return;
      case 'read':
        this.readUpTo.set(change.peer, Math.max(this.readUpTo.get(change.peer) ?? 0, change.upTo));
        return;
      case 'muted':
        if (change.untilWall === undefined) this.mutedUntil.delete(change.peer);
        else this.mutedUntil.set(change.peer, change.untilWall);
        return;
      default:
        return this.#applyDelivery(change);
    }
  }
  #applyDelivery(change: DeliveryChange): void {
    if (change.type === 'inbox-put') this.#place(change.peer, change.row.id);
    switch (change.type) {
      case 'outbox-put':
      case 'outbox-sent':
      case 'outbox-void':
      case 'outbox-void-range':
      case 'outbox-settle':
      case 'outbox-epoch':
        return of(this.#outboxes, change.peer, () => new MemoryOutbox()).apply(change);
      case 'inbox-put':
      case 'inbox-cursor':
      case 'inbox-pass':
        return of(this.#inboxes, change.peer, () => new MemoryInbox()).apply(change);
      default:
        return unreachable(change);
    }
  }
}

function of<Half>(halves: Map<string, Half>, peer: string, make: () => Half): Half {
  const found = halves.get(peer);
  if (found) return found;
  const made = make();
  halves.set(peer, made);
  return made;
}

function refused(): CodedError {
  return new CodedError({
    code: 'home-unusable',
    message: 'The store refuses for now, as this test wants it.',
  });
}
