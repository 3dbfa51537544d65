import type { ChatEvent, HistoryEntry, MessageId } from '../../src/api/index.ts';
import { PeerText } from '../../src/base/index.ts';
import { EventHub } from '../../src/node/event-hub.ts';

export type State = 'queued' | 'sent' | 'delivered';
export const STATES: readonly State[] = ['queued', 'sent', 'delivered'];
/** Messages of a page. */
const PAGE = 3;

/** Messages in a store, and the hub of the program that runs on it. */
export class Shelf {
  readonly entries: (HistoryEntry & { state?: State })[] = [];
  shown = 0;
  readonly erased: Set<number> = new Set();
  #runs = 0;
  hub: EventHub = this.#open();
  /** What a turn is going to do: events happen right behind its commit. */
  #turn: (() => ChatEvent | undefined)[] = [];

  /** Another program takes the home. */
  restart(): void {
    this.endTurn();
    this.hub.close();
    this.hub = this.#open();
  }
  #open(): EventHub {
    this.#runs += 1;
    return new EventHub({
      store: {
        messages: (after) =>
          this.entries
            .filter(({ position, direction }) => direction === 'in' && position > (after ?? this.shown))
            .filter(({ position }) => !this.erased.has(position))
            .slice(0, PAGE),
        progress: (from) => {
          const rest = this.entries.filter(({ position }) => position >= from);
          const sent = rest.slice(0, PAGE).flatMap(({ id, state }) => (state ? [progress(id, state)] : []));
          return { events: sent, next: rest[PAGE]?.position };
        },
        highestPosition: () => this.entries.length,
        lowestUnsettled: () => this.entries.find(({ state }) => state && state !== 'delivered')?.position,
      },
      onShown: () => undefined,
      home: 'HOME-abc',
      run: this.#runs.toString(16).padStart(16, '0'),
    });
  }

  receive(): void {
    this.#turn.push(() => {
      const { id, position, text } = this.#add('in');
      const message = { type: 'message-received', id, position, from: 'bob', text } as const;
      return { ...message, writtenAtWall: 0, receivedAtWall: 0, clockMark: false };
    });
  }
  send(): void {
    this.#turn.push(() => {
      const entry = this.#add('out');
      entry.state = 'queued';
      return progress(entry.id, entry.state);
    });
  }
  /** The n-th of those that are not settled goes one step on. */
  advance(n: number): void {
    this.#turn.push(() => {
      const waiting = this.entries.filter(({ state }) => state && state !== 'delivered');
      const entry = waiting[n % Math.max(1, waiting.length)];
      if (!entry?.state) return undefined;
      entry.state = STATES[STATES.indexOf(entry.state) + 1]!;
      return progress(entry.id, entry.state);
    });
  }
  happen(name: string): void {
    this.#turn.push(() => ({ type: 'peer-restarted', name }));
  }
  /** Its place is not given out again. */
  erase(position: number): void {
    if (this.entries[position - 1]) this.erased.add(position);
    this.hub.forgetMessages();
  }
  endTurn(): void {
    const events = this.#turn.splice(0).map((act) => act());
    for (const event of events) if (event) this.hub.publish(event);
  }

  #add(direction: 'in' | 'out'): HistoryEntry & { state?: State } {
    const position = this.entries.length + 1;
    const message = { id: `id-${position}` as MessageId, text: new PeerText(`text ${position}`) };
    const entry = { ...message, position, with: 'bob', direction, writtenAtWall: 0, storedAtWall: 0 };
    this.entries.push(entry);
    return entry;
  }
}

function progress(id: MessageId, state: State): ChatEvent & { readonly type: 'message-progress' } {
  return { type: 'message-progress', id, to: 'bob', progress: { state } as never };
}

export function nameOf(event: ChatEvent | undefined): string {
  if (event?.type === 'message-received') return `${event.isBelated ? 'belated ' : ''}${event.position}`;
  if (event?.type === 'message-progress') return `${event.id.slice(3)} ${event.progress.state}`;
  return event?.type === 'peer-restarted' ? event.name : String(event?.type);
}

export function belatedly(name: string): string {
  return name.replace('belated ', '');
}

export async function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}
