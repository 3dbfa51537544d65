import { setTimeout as pause } from 'node:timers/promises';
import { SeededDice } from '../fuzz/dice.ts';
import { addFaults, NO_FAULTS, sumOf, type Faults } from './book.ts';
import { Pair, type PairOptions } from './pair.ts';
import { Attached, hasStrace, SYNCS } from './strace.ts';

export interface KillLoopOptions extends PairOptions {
  readonly cycles: number;
  readonly seed: number;
  /** Pairs that are killed side by side. Default 1. */
  readonly lanes?: number;
  /** After the first fault that shows at once there are no further kills. Default false. */
  readonly isImpatient?: boolean;
  readonly log?: (line: string) => void;
}

type Kills = Record<'sender' | 'receiver' | 'both' | 'at a start' | 'at an fsync' | 'at a write', number>;

export interface KillLoopResult {
  readonly cycles: number;
  readonly kills: Readonly<
    Record<'sender' | 'receiver' | 'both' | 'at a start' | 'at an fsync' | 'at a write', number>
  >;
  readonly queued: number;
  readonly delivered: number;
  readonly faults: Faults;
  readonly notes: readonly string[];
}

/** Kills in one pair of homes; then both drain, and the books are closed. */
const ROUND = 100;
const TALK_MS = 100;
const START_MS = 250;
const AT_START = 0.25;
const VICTIMS = ['sender', 'receiver', 'sender', 'receiver', 'both'] as const;
/** At which call of the disk the victim dies: in every second cycle it is at a time instead. A write is within a commit. */
const CALLS = [undefined, 'at an fsync', undefined, 'at a write'] as const;
/** The n-th of them after the program is there; with some luck it does as many in one cycle. */
const CALLS_MAX = 20;
const CALL_PATIENCE_MS = 600;
const PUMP_MS = 4;
/** Texts in one cycle, at most: more would fill histories, not find more. */
const TALK_TEXTS = 40;

/** kill -9 of the sender, the receiver or both, at random times and at the n-th fsync or write; each is started again at once (STO-01). */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const kills = { sender: 0, receiver: 0, both: 0, 'at a start': 0, 'at an fsync': 0, 'at a write': 0 };
  let [queued, delivered, faults] = [0, 0, NO_FAULTS];
  const notes: string[] = [];
  const rounds: number[] = [];
  for (let done = 0; done < options.cycles; done += ROUND) rounds.push(done);
  const work = async (): Promise<void> => {
    for (let done = rounds.shift(); done !== undefined; done = rounds.shift()) {
      const seed = options.seed + done;
      const book = await new Round(options, seed, kills).run(Math.min(ROUND, options.cycles - done));
      queued += book.queued;
      delivered += book.delivered;
      faults = addFaults(faults, book.faults);
      notes.push(...book.notes.map((note) => `${note} (seed ${seed})`));
      options.log?.(`${done + ROUND} cycles, ${queued} queued`);
    }
  };
  await Promise.all(Array.from({ length: options.lanes ?? 1 }, work));
  return { cycles: options.cycles, kills, queued, delivered, faults, notes };
}

class Round {
  readonly #dice: SeededDice;
  readonly #options: KillLoopOptions;
  readonly #kills: Kills;
  #isOver = false;
  #left = TALK_TEXTS;

  constructor(options: KillLoopOptions, seed: number, kills: Kills) {
    this.#options = options;
    this.#dice = new SeededDice(seed);
    this.#kills = kills;
  }

  async run(cycles: number): Promise<{
    readonly queued: number;
    readonly delivered: number;
    readonly faults: Faults;
    readonly notes: readonly string[];
  }> {
    await using pair = await Pair.open(this.#options);
    await pair.startAll();
    const pumping = this.#pump(pair);
    try {
      for (let cycle = 0; cycle < cycles && !this.#isEnough(pair);) cycle += await this.#cycle(pair, cycle);
    } finally {
      this.#isOver = true;
      await pumping;
    }
    const faults = await pair.settle();
    const { queued, delivered, notes } = pair.book;
    return { queued, delivered, faults, notes };
  }

  #isEnough(pair: Pair): boolean {
    return this.#options.isImpatient === true && sumOf(pair.book.faults) > 0;
  }
  /** Both talk all the time; alice more. */
  async #pump(pair: Pair): Promise<void> {
    while (!this.#isOver) {
      if (this.#left > 0) this.#left -= pair.say('alice', 1 + this.#dice.below(3)).length;
      if (this.#left > 0 && this.#dice.chance(0.4)) this.#left -= pair.say('bob', 1).length;
      await pause(PUMP_MS);
    }
  }

  /** Returns the kills: whoever was killed may be killed again as it starts. */
  async #cycle(pair: Pair, cycle: number): Promise<number> {
    const who = this.#dice.pick(VICTIMS);
    const victims = who === 'both' ? ['alice', 'bob'] : [who === 'sender' ? 'alice' : 'bob'];
    this.#kills[who] += 1;
    this.#left = TALK_TEXTS;
    const call = CALLS[cycle % CALLS.length];
    await pause(this.#dice.below(TALK_MS));
    if (hasStrace && call) await this.#atCall(pair, this.#dice.pick(victims), call);
    await Promise.all(victims.map(async (name) => pair.program(name).kill()));
    let kills = 1;
    for (; this.#dice.chance(AT_START); kills += 1) await this.#atStart(pair, victims);
    const isInspected = this.#dice.chance(0.25);
    await Promise.all(victims.map(async (name) => pair.start(name, { isInspected })));
    return kills;
  }

  async #atStart(pair: Pair, victims: readonly string[]): Promise<void> {
    this.#kills['at a start'] += 1;
    await Promise.all(
      victims.map(async (name) => {
        const program = pair.launch(name);
        await pause(this.#dice.below(START_MS));
        await program.kill();
      }),
    );
  }

  /** It dies as it enters its n-th call of this kind from now on, wherever that is. */
  async #atCall(pair: Pair, name: string, what: 'at an fsync' | 'at a write'): Promise<void> {
    const program = pair.program(name);
    if (program.pid === undefined || program.isClosed) return;
    const calls = what === 'at an fsync' ? SYNCS : 'pwrite64';
    const when = String(1 + (this.#kills[what] % CALLS_MAX));
    await using _ = new Attached(program.pid, { calls, fault: 'SIGKILL', when });
    this.#left = TALK_TEXTS;
    await Promise.race([program.ended(), pause(CALL_PATIENCE_MS)]);
    if (program.isClosed) this.#kills[what] += 1;
  }
}
