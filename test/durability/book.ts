import type { Entry, Report } from './lines.ts';

/** What must all be 0 at the end. */
export interface Faults {
  /** Reported as queued, and not in the receiver's history. */
  readonly lost: number;
  /** Reported as delivered, and not found in the receiver's home at its next start. */
  readonly deliveredLost: number;
  /** Reported as queued, and not found in the sender's home at its next start or at the end. */
  readonly forgotten: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly altered: number;
  /** Shown more than once as if it were new. */
  readonly shownTwice: number;
  readonly neverShown: number;
  /** Refused when it was to be queued, and delivered all the same. */
  readonly refusedDelivered: number;
  /** Somebody found out that what was acked is gone, or a numbering began again. */
  readonly takenBack: number;
  /** In the sender's history it is not said to be delivered. */
  readonly unsettled: number;
}

export const NO_FAULTS: Faults = {
  lost: 0,
  deliveredLost: 0,
  forgotten: 0,
  duplicates: 0,
  outOfOrder: 0,
  altered: 0,
  shownTwice: 0,
  neverShown: 0,
  refusedDelivered: 0,
  takenBack: 0,
  unsettled: 0,
};

export function addFaults(a: Faults, b: Faults): Faults {
  const names = Object.keys(NO_FAULTS) as (keyof Faults)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as Faults;
}

export function sumOf(faults: Faults): number {
  return Object.values(faults).reduce((sum: number, count: number) => sum + count, 0);
}

/** What one person has promised about its texts to another, as everybody heard it. */
class Author {
  readonly name: string;
  readonly to: string;
  readonly queued = new Map<number, string>();
  readonly numberOf = new Map<string, number>();
  readonly refused = new Set<number>();
  readonly delivered = new Set<number>();

  constructor(name: string, to: string) {
    this.name = name;
    this.to = to;
  }
}

/** What one person has seen of another. */
class Reader {
  readonly shown = new Map<number, { fresh: number; belated: number }>();
  last = 0;
}

/** Everything that two or more programs promised in all their lives, to be held against what lies in their homes. */
export class Book {
  readonly #authors = new Map<string, Author>();
  readonly #readers = new Map<string, Reader>();
  #faults: Faults = NO_FAULTS;
  /** The first few faults, in words. */
  readonly notes: string[] = [];

  /** What `name` has said. */
  take(name: string, report: Report): void {
    switch (report.type) {
      case 'queued': {
        const author = this.#author(name, report.to);
        author.queued.set(report.number, report.id);
        author.numberOf.set(report.id, report.number);
        break;
      }
      case 'not-queued':
        this.#author(name, report.to).refused.add(report.number);
        break;
      case 'delivered': {
        for (const author of this.#authors.values()) {
          const number = author.name === name ? author.numberOf.get(report.id) : undefined;
          if (number !== undefined) author.delivered.add(number);
        }
        break;
      }
      case 'received':
        this.#show(name, report);
        break;
      case 'found':
        this.#hold(name, report);
        break;
      case 'taken-back':
        this.#note('takenBack', `${name} says ${report.what} ${report.count}`);
        break;
      default:
        break;
    }
  }
  /** A new life of this person: what it shows begins again with what is belated. */
  begins(name: string): void {
    for (const [key, reader] of this.#readers) if (key.startsWith(`${name} `)) reader.last = 0;
  }
  hasShown(name: string, { author, number }: Entry): boolean {
    return this.#reader(name, author).shown.has(number);
  }
  /** Those that show at once; the others are found by `close`. */
  get faults(): Faults {
    return this.#faults;
  }
  get queued(): number {
    return this.#sum((author) => author.queued.size);
  }
  get delivered(): number {
    return this.#sum((author) => author.delivered.size);
  }
  get refused(): number {
    return this.#sum((author) => author.refused.size);
  }

  /** The last word: both histories, after everything was drained. */
  close(histories: Readonly<Record<string, readonly Entry[]>>): Faults {
    for (const [name, entries] of Object.entries(histories)) {
      const outgoing = new Map(
        entries.filter(({ author }) => author === name).map((entry) => [entry.number, entry]),
      );
      for (const number of this.#numbers(name)) {
        const entry = outgoing.get(number);
        if (!entry) this.#note('forgotten', `${name} has no ${number} in its own history`);
        else if (entry.state !== 'delivered') this.#note('unsettled', `${name} ${number} is ${entry.state}`);
      }
      for (const other of Object.keys(histories)) {
        if (other !== name) this.#compare(name, other, entries);
      }
    }
    return this.#faults;
  }

  /** What `reader` has of `author`. */
  #compare(reader: string, author: string, entries: readonly Entry[]): void {
    const { queued, refused } = this.#author(author, reader);
    const { shown } = this.#reader(reader, author);
    const seen = new Set<number>();
    let last = 0;
    for (const entry of entries) {
      if (entry.author !== author) continue;
      const what = `${reader} has ${author} ${entry.number}`;
      if (seen.has(entry.number)) this.#note('duplicates', what);
      else if (entry.number < last) this.#note('outOfOrder', `${what} after ${last}`);
      if (entry.isAltered) this.#note('altered', what);
      if (refused.has(entry.number)) this.#note('refusedDelivered', what);
      if (!shown.has(entry.number)) this.#note('neverShown', what);
      seen.add(entry.number);
      last = entry.number;
    }
    for (const number of queued.keys())
      if (!seen.has(number)) this.#note('lost', `${reader} lacks ${author} ${number}`);
  }

  #show(name: string, report: Extract<Report, { type: 'received' }>): void {
    const reader = this.#reader(name, report.from);
    const count = reader.shown.get(report.number) ?? { fresh: 0, belated: 0 };
    if (report.isBelated) count.belated += 1;
    else count.fresh += 1;
    reader.shown.set(report.number, count);
    const what = `${name} shows ${report.from} ${report.number}`;
    if (!report.isBelated && count.fresh > 1) this.#note('shownTwice', what);
    if (report.isAltered) this.#note('altered', what);
    if (report.number <= reader.last) this.#note('outOfOrder', `${what} after ${reader.last}`);
    reader.last = report.number;
  }

  /** The newest page of a home, before it has talked to anybody again: no peer can have filled it up. */
  #hold(name: string, { entries, isAll }: Extract<Report, { type: 'found' }>): void {
    const missing = (author: string, promised: Iterable<number>): readonly number[] => {
      const numbers = entries.filter((entry) => entry.author === author).map((entry) => entry.number);
      const have = new Set(numbers);
      // What is older than its first may lie before the page, and everything when it has none.
      const first = isAll ? 0 : numbers.reduce((least, number) => Math.min(least, number), Infinity);
      return [...promised].filter((number) => number >= first && !have.has(number));
    };
    for (const number of missing(name, this.#numbers(name)))
      this.#note('forgotten', `${name} ${number} was queued and is not in its home`);
    for (const { name: author, to, delivered } of this.#authors.values()) {
      if (to !== name) continue;
      for (const number of missing(author, delivered))
        this.#note('deliveredLost', `${author} ${number} was delivered and is not in the home of ${name}`);
    }
  }

  #note(fault: keyof Faults, what: string): void {
    this.#faults = { ...this.#faults, [fault]: this.#faults[fault] + 1 };
    if (this.notes.length < 20) this.notes.push(`${fault}: ${what}`);
  }
  #numbers(name: string): readonly number[] {
    return [...this.#authors.values()].flatMap((author) =>
      author.name === name ? [...author.queued.keys()] : [],
    );
  }
  #author(name: string, to: string): Author {
    const key = `${name} ${to}`;
    const author = this.#authors.get(key) ?? new Author(name, to);
    this.#authors.set(key, author);
    return author;
  }
  #reader(name: string, from: string): Reader {
    const key = `${name} ${from}`;
    const reader = this.#readers.get(key) ?? new Reader();
    this.#readers.set(key, reader);
    return reader;
  }
  #sum(count: (author: Author) => number): number {
    return [...this.#authors.values()].reduce((sum, author) => sum + count(author), 0);
  }
}
