import { CodedError } from '../base/index.ts';
import type { GuessLedger, TrustRecord } from '../directory/index.ts';
import type { Change } from '../engine/index.ts';
import type { InboxRow, Ledger } from '../protocol/delivery/index.ts';
import { MemoryStore } from './memory-store.ts';

/** What survives a crash: the store, and everything that was ever committed to it, in order. */
export class SimulatedDisk {
  readonly store: MemoryStore;
  readonly changes: Change[];
  /** Reading fails as well. */
  isUnreadable = false;
  /** Asked before each reading: true fails this one, as a bad sector does in the middle of a turn. */
  isBadSector: (method: keyof Ledger, peer: string) => boolean = () => false;

  constructor(changes: readonly Change[] = []) {
    this.store = new MemoryStore();
    this.changes = [...changes];
    if (changes.length > 0) this.store.commit(changes);
  }

  commit(changes: readonly Change[]): void {
    if (this.store.refusal !== 'before') for (const change of changes) this.changes.push(change);
    this.store.commit(changes);
  }

  /** What an engine reads of it. */
  get ledger(): Ledger {
    const { store } = this;
    const read =
      <Given extends readonly unknown[], Answer>(method: keyof Ledger, ask: (...given: Given) => Answer) =>
      (...given: Given): Answer => {
        if (this.isUnreadable || this.isBadSector(method, String(given[0])))
          throw new CodedError({ code: 'home-unusable', message: 'The disk cannot be read.' });
        return ask(...given);
      };
    return {
      correspondents: read('correspondents', () => store.correspondents()),
      standing: read('standing', (...given) => store.standing(...given)),
      outgoing: read('outgoing', (...given) => store.outgoing(...given)),
      findOutgoing: read('findOutgoing', (...given) => store.findOutgoing(...given)),
      seqOfIncoming: read('seqOfIncoming', (...given) => store.seqOfIncoming(...given)),
      expiring: read('expiring', (...given) => store.expiring(...given)),
      repairableFrom: read('repairableFrom', (...given) => store.repairableFrom(...given)),
    };
  }

  /** As it is now, for going back to. */
  copy(): SimulatedDisk {
    return new SimulatedDisk(this.changes);
  }

  get home(): {
    readonly records: readonly TrustRecord[];
    readonly guesses?: GuessLedger;
    readonly reachedUs: ReadonlyMap<string, number>;
  } {
    const records = new Map<string, TrustRecord>();
    const reachedUs = new Map<string, number>();
    let guesses: GuessLedger | undefined;
    for (const change of this.changes) {
      if (change.type === 'trust') records.set(change.record.username, change.record);
      if (change.type === 'guesses') guesses = change.guesses;
      if (change.type === 'reached-us') reachedUs.set(change.peer, change.atWall);
    }
    return { records: [...records.values()], reachedUs, ...(guesses ? { guesses } : {}) };
  }

  /** Messages that came, each once, in the order in which they were stored. */
  incoming(): readonly { readonly from: string; readonly row: InboxRow }[] {
    const seen = new Set<InboxRow>();
    return this.changes.flatMap((change) => {
      // A change that was given twice is the same object.
      if (change.type !== 'inbox-put' || seen.has(change.row)) return [];
      seen.add(change.row);
      return [{ from: change.peer, row: change.row }];
    });
  }
  /** Those that no screen is known to have shown. */
  unshown(): readonly { readonly from: string; readonly row: InboxRow }[] {
    const incoming = this.incoming();
    const shown = this.changes.findLast((change) => change.type === 'shown');
    if (shown?.type !== 'shown') return incoming;
    return incoming.slice(
      incoming.findLastIndex(({ from, row }) => from === shown.peer && row.id === shown.id) + 1,
    );
  }
}
