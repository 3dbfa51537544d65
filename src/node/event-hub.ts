import type { ChatEvent, EventOptions, EventStream, MessageId } from '../api/index.ts';
import { EventReader, ROOM_MAX, type Screen } from './event-reader.ts';

/** A message that a screen has shown, and with it everything that was stored before. */
export interface Shown {
  readonly peer: string;
  readonly id: MessageId;
}

/**
 * Hands every event to every iterator that was opened before it; the first iterator also gets what came before. A screen
 * first gets the messages that no screen has shown, from the store.
 */
export class EventHub {
  readonly #unshown: Screen['unshown'];
  readonly #onShown: () => void;
  readonly #readers = new Set<EventReader>();
  readonly #shown = new Map<EventReader, Shown>();
  #early: ChatEvent[] | undefined = [];
  #isClosed = false;

  constructor(options: {
    readonly unshown: Screen['unshown'];
    /** There is something for `takeShown`. */
    readonly onShown: () => void;
  }) {
    this.#unshown = options.unshown;
    this.#onShown = options.onShown;
  }

  /** No screen is far behind: what is published now will be seen before long, or found in the store. */
  get hasRoom(): boolean {
    for (const reader of this.#readers) if (reader.isScreen && reader.waiting >= ROOM_MAX) return false;
    return !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  publish(event: ChatEvent): void {
    if (this.#early && this.#early.length < ROOM_MAX) this.#early.push(event);
    for (const reader of this.#readers) reader.push(event);
  }

  open({ signal, isScreen = false }: EventOptions): EventStream {
    const reader: EventReader = new EventReader({
      leave: () => this.#readers.delete(reader),
      screen: isScreen ? this.#screen(() => reader) : undefined,
    });
    for (const event of this.#early ?? []) reader.push(event);
    this.#early = undefined;
    if (this.#isClosed || signal?.aborted) reader.end();
    else {
      this.#readers.add(reader);
      signal?.addEventListener('abort', () => reader.end(), { once: true });
    }
    return reader;
  }

  /** What screens have shown since the last call; to be committed. */
  takeShown(): readonly Shown[] {
    const shown = [...this.#shown.values()];
    this.#shown.clear();
    return shown;
  }

  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
  }

  #screen(reader: () => EventReader): Screen {
    return {
      unshown: this.#unshown,
      // Of two screens each has a last one of its own, and the store keeps the later.
      shown: (peer, id) => {
        if (this.#shown.size === 0) this.#onShown();
        this.#shown.set(reader(), { peer, id });
      },
    };
  }
}
