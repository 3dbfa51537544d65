import { join } from 'node:path';
import { until } from '../net/until.ts';
import { Book } from './book.ts';
import type { Entry, Report, ToyBug } from './lines.ts';
import { Place } from './place.ts';
import { Program, type Kind } from './program.ts';

/** Texts that are under way to the disk at once, at most. */
const UNDER_WAY_MAX = 24;
const DRAIN_MS = 240_000;
const SHOWN_MS = 20_000;
/** A port is free again a moment after its owner was killed. */
const PORT_TRIES = 20;

export interface PairOptions {
  readonly kind?: Kind;
  /** Mistakes of the toy. */
  readonly bugs?: readonly ToyBug[];
  readonly names?: readonly string[];
  /** The folder in which each one's home lies; default a temporary one. */
  readonly homes?: Readonly<Record<string, string>>;
}

export interface StartOptions {
  readonly isInspected?: boolean;
  readonly wrapper?: readonly string[] | undefined;
  /** How to start may be wrong: then it is for the caller to see why. */
  readonly mayFail?: boolean;
}

/** Two or more people in processes of their own, the traffic between them, and the book of what they promised. */
export class Pair implements AsyncDisposable {
  readonly place: Place;
  readonly book: Book = new Book();
  readonly names: readonly string[];
  readonly #options: PairOptions;
  readonly #programs = new Map<string, Program>();
  readonly #next = new Map<string, number>();
  readonly #underWay = new Map<string, Set<number>>();
  readonly reports: { readonly name: string; readonly report: Report }[] = [];

  private constructor(place: Place, options: PairOptions) {
    this.place = place;
    this.#options = options;
    this.names = place.names;
  }
  static async open(options: PairOptions = {}): Promise<Pair> {
    return new Pair(await Place.open(options.names ?? ['alice', 'bob']), options);
  }

  home(name: string): string {
    return join(this.#options.homes?.[name] ?? this.place.folder, `home-${name}`);
  }
  other(name: string): string {
    return this.names.find((other) => other !== name) ?? name;
  }
  program(name: string): Program {
    const program = this.#programs.get(name);
    if (!program) throw new Error(`${name} was never started`);
    return program;
  }
  isReady(name: string): boolean {
    return this.#programs.get(name)?.isReady === true;
  }

  /** Begins a life; see `started` for its end. */
  launch(name: string, { isInspected = false, wrapper }: StartOptions = {}): Program {
    const { kind = 'person', bugs } = this.#options;
    const other = this.other(name);
    this.book.begins(name);
    this.#underWay.set(name, new Set());
    const program = new Program(
      kind,
      {
        name,
        home: this.home(name),
        directory: this.place.directory,
        port: this.place.port(name),
        isInspected,
        ...(kind === 'person' ? {} : { peer: { name: other, port: this.place.port(other) } }),
        ...(bugs === undefined ? {} : { bugs }),
      },
      { folder: this.place.folder, wrapper, take: (report) => this.#take(name, report) },
    );
    this.#programs.set(name, program);
    return program;
  }
  /** Resolves once it is ready; a port that is not free yet is tried again. */
  async start(name: string, options: StartOptions = {}): Promise<Program> {
    for (let tries = 1; ; tries += 1) {
      const program = this.launch(name, options);
      if (await program.ready()) return program;
      const failed = program.reports.findLast((report) => report.type === 'failed');
      const isPort = failed?.code === 'port-in-use' && tries < PORT_TRIES;
      if (!isPort && options.mayFail === true) return program;
      if (!isPort) throw new Error(`${name} does not start: ${failed?.message} ${program.stderr}`);
    }
  }
  async startAll(options: StartOptions = {}): Promise<void> {
    await Promise.all(this.names.map(async (name) => this.start(name, options)));
  }

  /** Some more texts from this person, if it is there and keeps up. */
  say(name: string, count: number, to: string = this.other(name)): readonly number[] {
    const underWay = this.#underWay.get(name) ?? new Set();
    if (!this.isReady(name) || underWay.size + count > UNDER_WAY_MAX) return [];
    return this.sayAll(name, count, to);
  }
  sayAll(name: string, count: number, to: string = this.other(name)): readonly number[] {
    const first = this.#next.get(name) ?? 1;
    const numbers = Array.from({ length: count }, (_, n) => first + n);
    this.#next.set(name, first + count);
    for (const number of numbers) this.#underWay.get(name)?.add(number);
    this.program(name).tell({ type: 'send', to, numbers });
    return numbers;
  }

  /** Everything that it was told to say was taken or refused. */
  isIdle(name: string): boolean {
    return (this.#underWay.get(name)?.size ?? 0) === 0;
  }
  async isDrained(name: string): Promise<boolean> {
    if (!this.isIdle(name)) return false;
    return (await this.program(name).ask('outbox')).total === 0;
  }

  /** Everything that it said is delivered. */
  async drained(name: string, withinMs: number = DRAIN_MS): Promise<void> {
    await until(`${name} has drained`, async () => this.isDrained(name), withinMs);
  }
  /** Everything goes to where it belongs; then the books are closed. Everybody must be ready. */
  async settle(withinMs: number = DRAIN_MS): Promise<ReturnType<Book['close']>> {
    const endsAt = performance.now() + withinMs;
    for (const name of this.names) {
      if (this.other(name) !== name) this.program(name).tell({ type: 'retry', name: this.other(name) });
      await this.drained(name, endsAt - performance.now());
    }
    const histories: Record<string, readonly Entry[]> = {};
    for (const name of this.names)
      histories[name] = (await this.program(name).ask('history', DRAIN_MS)).entries;
    // What came last was stored before it was shown.
    await this.#shown(histories);
    return this.book.close(histories);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map(async (program) => program.kill()));
    this.place[Symbol.dispose]();
  }

  async #shown(histories: Readonly<Record<string, readonly Entry[]>>): Promise<void> {
    const isMissing = (): boolean =>
      Object.entries(histories).some(([name, entries]) =>
        entries.some((entry) => entry.author !== name && !this.book.hasShown(name, entry)),
      );
    // When it does not come about, the book says what was never shown.
    await until('everything is shown', () => !isMissing(), SHOWN_MS).catch(() => undefined);
  }
  #take(name: string, report: Report): void {
    if (report.type === 'queued' || report.type === 'not-queued')
      this.#underWay.get(name)?.delete(report.number);
    if (report.type !== 'history' && report.type !== 'found') this.reports.push({ name, report });
    this.book.take(name, report);
  }
}
