import { encodeUtf8 } from '../../src/base/index.ts';
import type { Change } from '../../src/engine/index.ts';
import { idFromBytes } from '../../src/protocol/envelope/index.ts';
import { openHome, type Home } from '../../src/store/index.ts';
import { Dice, Texts } from './texts.ts';

export const CONTACTS = 200;
const OUTGOING = 0.45;
/** Some years of one message each two minutes. */
const FIRST_WALL = Date.UTC(2020, 0, 1);
const STEP_MS = 120_000;
const PER_COMMIT = 500;
/** Of commits. */
const SETTLE_EVERY = 20;

export function open(folder: string): Home {
  return openHome({ folder, username: 'alice', newSecret: () => new Uint8Array(32).fill(9) });
}

/** When the n-th message was stored. */
export function wallOf(n: number): number {
  return FIRST_WALL + n * STEP_MS;
}

/** The first contact has the most messages, the last one the fewest: 200 to 1. */
export function contactName(n: number): string {
  return `contact${n}`;
}

/** Fills a home as the engine would, only without a network. */
export class Builder {
  readonly #home: Home;
  readonly #dice = new Dice(1);
  readonly #texts = new Texts(2);
  readonly #assigned = new Map<string, number>();
  readonly #unsettled = new Map<string, { readonly seq: number; readonly id: string }>();
  #count = 0;

  constructor(home: Home) {
    this.#home = home;
  }

  build(count: number, onProgress: (done: number) => void): void {
    for (let commits = 1; this.#count < count; commits++) {
      const length = Math.min(PER_COMMIT, count - this.#count);
      this.#home.commit(Array.from({ length }, () => this.#next()));
      if (commits % SETTLE_EVERY === 0 || this.#count === count) this.#settle();
      if (commits % 200 === 0) onProgress(this.#count);
    }
  }

  #next(): Change {
    const wall = wallOf(this.#count++);
    const peer = contactName(Math.floor((CONTACTS + 1) ** this.#dice.next()) - 1);
    const isOutgoing = this.#dice.next() < OUTGOING;
    const numbering = `${isOutgoing ? 'to' : 'from'} ${peer}`;
    const seq = (this.#assigned.get(numbering) ?? 0) + 1;
    this.#assigned.set(numbering, seq);
    const id = this.#id(wall);
    const content = { id, seq, type: 'text', plaintext: encodeUtf8(this.#texts.next()), timestamp: wall };
    if (!isOutgoing) return { type: 'inbox-put', peer, row: { ...content, receivedWall: wall } };
    this.#unsettled.set(peer, { seq, id });
    return { type: 'outbox-put', peer, epoch: EPOCH, row: content };
  }

  #settle(): void {
    const atWall = wallOf(this.#count);
    this.#home.commit(
      [...this.#unsettled].flatMap(([peer, { seq, id }]): Change[] => [
        { type: 'outbox-sent', peer, epoch: EPOCH, seq },
        { type: 'outbox-settle', peer, epoch: EPOCH, seq, id, key: KEY, atWall, refused: [] },
      ]),
    );
    this.#unsettled.clear();
  }

  #id(wall: number): string {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, Math.floor(wall / 2 ** 32));
    view.setUint32(2, wall % 2 ** 32);
    for (let i = 6; i < bytes.length; i++) bytes[i] = this.#dice.below(256);
    return idFromBytes(bytes);
  }
}

const EPOCH = new Uint8Array(16).fill(1);
const KEY = new Uint8Array(32).fill(2);
