// The messages of a fake chat: everything a face can ask about them, in memory.
import type {
  EraseQuery,
  HistoryEntry,
  HistoryPage,
  HistoryQuery,
  MessageId,
  OutboxPage,
  OutboxQuery,
  OutgoingState,
  OutgoingView,
} from '../api/index.ts';
import { PeerText } from '../base/index.ts';

export interface FakeMessage {
  readonly id: MessageId;
  readonly with: string;
  readonly direction: 'in' | 'out';
  readonly text: string;
  readonly writtenAtWall: number;
  readonly storedAtWall: number;
  /** Of an outgoing one. */
  readonly progress?: OutgoingState;
  readonly expiresAtWall?: number;
}

interface Row extends FakeMessage {
  readonly position: number;
}

export class FakeMessages {
  #rows: Row[] = [];
  #last = 0;

  /** The position of the next one. */
  get next(): number {
    return this.#last + 1;
  }
  /** Of what came from this contact, what lies behind a position. */
  unread(from: string, readUpTo: number): number {
    return this.#rows.filter((row) => row.direction === 'in' && row.with === from && row.position > readUpTo)
      .length;
  }
  lastFrom(from: string): number {
    return this.#rows.findLast((row) => row.direction === 'in' && row.with === from)?.position ?? 0;
  }

  add(message: FakeMessage): void {
    this.#last += 1;
    this.#rows.push({ ...message, position: this.#last });
  }
  find(id: MessageId): FakeMessage | undefined {
    return this.#rows.find((row) => row.id === id);
  }
  settle(id: MessageId, progress: OutgoingState): void {
    this.#rows = this.#rows.map((row) => (row.id === id ? { ...row, progress } : row));
  }
  waiting(to?: string): readonly Row[] {
    return this.#rows.filter((row) => isWaiting(row) && (to === undefined || row.with === to));
  }
  delivered(to: string, sinceWall: number): readonly Row[] {
    return this.#rows.filter(
      (row) => row.with === to && row.progress?.state === 'delivered' && row.storedAtWall >= sinceWall,
    );
  }

  outbox({ to, after = 0, limit = 100 }: OutboxQuery): OutboxPage {
    const all = this.waiting(to);
    const rest = all.filter((row) => row.position > after);
    const messages = rest.slice(0, limit).map((row) => outgoingView(row));
    const last = messages.at(-1);
    return {
      messages,
      total: all.length,
      ...(rest.length > limit && last && { next: last.position }),
    };
  }

  history(query: HistoryQuery): HistoryPage {
    const { before = Infinity, after, limit = 50 } = query;
    const fitting = this.#rows.filter((row) => isWanted(row, query));
    const rest = fitting.filter((row) => row.position > (after ?? -Infinity) && row.position < before);
    const rows = after === undefined ? rest.slice(-limit) : rest.slice(0, limit);
    const [first] = rows;
    const last = rows.at(-1);
    return {
      entries: rows.map((row) => historyEntry(row)),
      ...(first && fitting.some((row) => row.position < first.position) && { older: first.position }),
      ...(last && fitting.some((row) => row.position > last.position) && { newer: last.position }),
    };
  }

  erase({ id, with: peer, beforeWall }: EraseQuery): number {
    const kept = this.#rows.filter(
      (row) =>
        (id !== undefined && row.id !== id) ||
        (peer !== undefined && row.with !== peer) ||
        (beforeWall !== undefined && row.storedAtWall >= beforeWall),
    );
    const count = this.#rows.length - kept.length;
    this.#rows = kept;
    return count;
  }
}

function isWaiting({ progress }: Row): boolean {
  return progress?.state === 'queued' || progress?.state === 'sent';
}

function isWanted(
  row: Row,
  { id = row.id, with: peer, sinceWall = 0, untilWall = Infinity, search }: HistoryQuery,
): boolean {
  const isFound = (start: string): boolean =>
    row.text
      .toLowerCase()
      .split(/\W+/)
      .some((word) => word.startsWith(start));
  return (
    row.id === id &&
    (peer === undefined || row.with === peer) &&
    row.storedAtWall >= sinceWall &&
    row.storedAtWall < untilWall &&
    (search ?? '')
      .toLowerCase()
      .split(/\s+/)
      .every((start) => start === '' || isFound(start))
  );
}

function outgoingView(row: Row): OutgoingView {
  const { id, with: to, text, writtenAtWall, position, expiresAtWall } = row;
  const progress = row.progress ?? { state: 'queued', held: false };
  return {
    id,
    to,
    text,
    writtenAtWall,
    progress,
    position,
    ...(expiresAtWall !== undefined && { expiresAtWall }),
  };
}

function historyEntry(row: Row): HistoryEntry {
  const { position, id, with: peer, direction, text, writtenAtWall, storedAtWall, progress } = row;
  const reason = progress && 'reason' in progress ? progress.reason : undefined;
  return {
    position,
    id,
    with: peer,
    direction,
    text: new PeerText(text),
    writtenAtWall,
    storedAtWall,
    ...(progress && { outcome: { state: progress.state, ...(reason && { reason }) } }),
  };
}
