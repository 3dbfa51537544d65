import type { ChatEvent } from '../api/index.ts';

/** An event and its number in this run of the program, from 1. */
export interface Told {
  readonly number: number;
  readonly event: ChatEvent;
}

const EVENTS_MAX = 10_000;
const BYTES_MAX = 8 * 1_024 * 1_024;
/** About what an event takes without the text of a message. */
const EVENT_BYTES = 400;

/** The last events of this run, without a gap: for a reader that comes again. */
export class EventRing {
  #told: Told[] = [];
  /** How many of them are forgotten already: an array gives up its first element slowly. */
  #first = 0;
  #bytes = 0;
  /** Everything that has a higher number is here, */
  #behind: number;
  /** but of the messages that came only those with a number above this one. */
  #messagesBehind: number;

  /** `behind`: the number of the event before the first one that is going to be kept. Default: that of the messages, too. */
  constructor(behind: number, messagesBehind: number = behind) {
    this.#behind = behind;
    this.#messagesBehind = messagesBehind;
  }

  push(told: Told): void {
    this.#told.push(told);
    this.#bytes += sizeOf(told.event);
    while (this.#told.length - this.#first > EVENTS_MAX || this.#bytes > BYTES_MAX) this.#forgetFirst();
  }

  /** Everything behind this number, or everything but messages; undefined when some of it is forgotten. */
  since(number: number, what: 'everything' | 'no messages'): readonly Told[] | undefined {
    if (number < this.#behind || (what === 'everything' && number < this.#messagesBehind)) return undefined;
    return this.#told.slice(this.#first).filter((told) => told.number > number);
  }

  /** Some of the messages were deleted. */
  forgetMessages(): void {
    const last = this.#told.at(-1);
    if (!last) return;
    this.#messagesBehind = Math.max(this.#messagesBehind, last.number);
    this.#told = this.#told.slice(this.#first).filter(({ event }) => event.type !== 'message-received');
    this.#first = 0;
    this.#bytes = this.#told.reduce((sum, { event }) => sum + sizeOf(event), 0);
  }

  #forgetFirst(): void {
    const first = this.#told[this.#first];
    if (!first) return;
    this.#bytes -= sizeOf(first.event);
    this.#behind = first.number;
    this.#first += 1;
    if (this.#first < EVENTS_MAX) return;
    this.#told = this.#told.slice(this.#first);
    this.#first = 0;
  }
}

function sizeOf(event: ChatEvent): number {
  return event.type === 'message-received' ? EVENT_BYTES + 2 * event.text.exact().length : EVENT_BYTES;
}
