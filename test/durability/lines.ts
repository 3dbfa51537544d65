/** What a program of test/durability is told on its standard input, one JSON line each. */
export type Order =
  /** Queue these texts of its own for the contact, in this order, without waiting for one before the next. */
  | { readonly type: 'send'; readonly to: string; readonly numbers: readonly number[] }
  | { readonly type: 'retry'; readonly name: string }
  | { readonly type: 'outbox' }
  | { readonly type: 'history' }
  | { readonly type: 'memory' }
  | { readonly type: 'quit' };

/** What it says on its standard output. What was written there before a kill is a promise that was made. */
export type Report =
  /** Before it may talk to anybody: what lies in its home, or the newest of it. */
  | { readonly type: 'found'; readonly entries: readonly Entry[]; readonly isAll: boolean }
  | { readonly type: 'ready'; readonly pid: number; readonly key: string }
  /** It could not be opened, and ends. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'queued'; readonly to: string; readonly number: number; readonly id: string }
  | { readonly type: 'not-queued'; readonly to: string; readonly number: number; readonly code: string }
  | { readonly type: 'delivered'; readonly id: string }
  | { readonly type: 'given-up'; readonly id: string; readonly state: string; readonly code: string }
  | {
      readonly type: 'received';
      readonly from: string;
      readonly number: number;
      readonly isBelated: boolean;
      readonly isAltered: boolean;
    }
  | { readonly type: 'trouble'; readonly code: string; readonly message: string }
  /** The peer, or we, have lost what was said to be kept. */
  | { readonly type: 'taken-back'; readonly what: string; readonly count: number }
  | { readonly type: 'skew'; readonly skewMs: number }
  | { readonly type: 'outbox'; readonly total: number }
  | { readonly type: 'history'; readonly entries: readonly Entry[] }
  | { readonly type: 'memory'; readonly rss: number };

/** One message of a history: whose text, its number, and what has become of it. */
export interface Entry {
  readonly author: string;
  readonly with: string;
  readonly number: number;
  readonly id: string;
  readonly state: string;
  readonly isAltered: boolean;
  readonly writtenAtWall: number;
  readonly storedAtWall: number;
}

export interface PersonOptions {
  readonly name: string;
  readonly home: string;
  readonly directory: string;
  readonly port: number;
  /** Say what lies in the home before anything else. */
  readonly isInspected: boolean;
  /** Only toy-person.ts: which mistakes it makes. */
  readonly bugs?: readonly ToyBug[];
  /** Only toy-person.ts: where the other one listens. */
  readonly peer?: { readonly name: string; readonly port: number };
}

export type ToyBug = 'ack before commit' | 'event before commit' | 'no dedupe' | 'synchronous=NORMAL';

const FILLER = 'The quick brown fox jumps over the lazy dog; 中文 и ещё. ';

/** Every text is known by its author and number: mostly a line, every 16th up to 9 KB, so that rows overflow their page. */
export function textOf(author: string, number: number): string {
  const length = number % 16 === 0 ? (number * 97) % 9_000 : (number * 31) % 180;
  const filler = FILLER.repeat(Math.ceil(length / FILLER.length)).slice(0, length);
  return `${author} ${number} ${filler}|`;
}

/** The number, and whether the rest is not what it was. */
export function readText(
  author: string,
  text: string,
): { readonly number: number; readonly isAltered: boolean } {
  const number = Number(/^\S+ (\d+) /.exec(text)?.[1] ?? 0);
  return { number, isAltered: text !== textOf(author, number) };
}
