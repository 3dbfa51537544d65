import type { RekeyLimits } from '../../src/protocol/session/index.ts';
import { World, type SimulatedDisk, type SimulatedNode } from '../../src/testing/index.ts';
import { countingPrimitives } from './counting-primitives.ts';
import { homesOf } from './friends.ts';
import { faultOf } from './seeds-checks.ts';

/** What happened in these worlds, by its name. */
export type SeedCounts = Readonly<Record<(typeof COUNTED)[number], number>>;

const COUNTED = [
  'messages',
  'connections',
  'cuts',
  /** Pairs of dials that were under way at the same time. */
  'crossings',
  /** Key exchanges, one for each side that took part. */
  'exchanges',
  /** Steps of a record key by itself, one for each side. */
  'steps',
  'crashes',
  'refusals',
  'rollbacks',
  'clockJumps',
  'cancelled',
  'expired',
] as const;

export interface SeedsResult {
  readonly counts: SeedCounts;
  /** One line for each world that went wrong, with the seed that plays it again. */
  readonly faults: readonly string[];
}

export const NO_COUNTS: SeedCounts = counted(() => 0);

export function addCounts(a: SeedCounts, b: SeedCounts): SeedCounts {
  return counted((name) => a[name] + b[name]);
}

function counted(countOf: (name: keyof SeedCounts) => number): SeedCounts {
  return Object.fromEntries(COUNTED.map((name) => [name, countOf(name)])) as SeedCounts;
}

/** The worlds of these seeds, one after the other. */
export function runSeeds(first: number, count: number): SeedsResult {
  let counts = NO_COUNTS;
  const faults: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const { fault, counts: more } = played(seed);
    counts = addCounts(counts, more);
    if (fault !== undefined)
      faults.push(
        `seed ${seed} (again: SOTTO_SEED=${seed} SOTTO_SEEDS=1 npx vitest run seeds.test): ${fault}`,
      );
  }
  return { counts, faults };
}

function played(seed: number): { readonly fault: string | undefined; readonly counts: SeedCounts } {
  const story = new Story(seed);
  try {
    return { fault: story.play(), counts: story.counts };
  } catch (error) {
    return {
      fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
      counts: story.counts,
    };
  }
}

/** Faults stop after this much virtual time; then everything must settle. */
const FAULTS_MS = 60_000;
const SETTLE_MS = 3_600_000;
const DAY = 86_400_000;
/** Two dials of a pair count as crossing when they begin within one way of the slowest network. */
const CROSSING_MS = 400;
/** A first contact with a READY and some texts has about 5,000 bytes, a key exchange about 4,800 more. */
const CUT_BYTES = 12_000;
const NAMES = ['alice', 'bob', 'carol', 'dave'];

/**
 * One world: two to four peers write to each other, dial at once, take new keys all the time, end connections early or late,
 * lose them at random bytes and moments, crash before or after a commit, have disks that refuse and clocks that jump by a year, withdraw
 * texts and let them expire; in a few an older state of the disk is put back.
 */
class Story {
  readonly #counts: Record<string, number> = { ...NO_COUNTS };
  readonly #draw: () => number;
  readonly #world: World;
  readonly #rekeys: { readonly exchanges: number; readonly steps: number };
  readonly #names: readonly string[];
  /** Everybody has met everybody before: psks and pins are settled. */
  readonly #haveMet: boolean;
  /** In some worlds somebody's disk goes back in time. Clocks are right there: what is repaired depends on them. */
  readonly #isRollingBack: boolean;
  readonly #rolledBack = new Set<string>();

  constructor(seed: number) {
    const { primitives, counts } = countingPrimitives();
    const draw = drawsOf(seed);
    this.#draw = draw;
    this.#rekeys = counts;
    this.#names = NAMES.slice(0, pick(draw, [2, 2, 2, 2, 2, 2, 2, 2, 3, 4]));
    this.#isRollingBack = draw() < 0.06;
    this.#haveMet = this.#isRollingBack || draw() < 0.6;
    const settings = {
      isCallingAtStart: this.#isRollingBack || draw() < 0.8,
      isKeepingSessions: draw() < 0.7,
    };
    this.#world = new World({
      seed,
      latencyMs: [1, 1 + Math.floor(400 * draw())],
      lingerMs: pick(draw, [0, 3_000, 60_000, 60_000, 60_000, 60_000]),
      rekey: rekeyLimits(draw),
      primitives,
      settingsOf: () => settings,
    });
  }

  get counts(): SeedCounts {
    return counted((name) => this.#counts[name] ?? 0);
  }

  /** What went wrong; undefined when nothing did. */
  play(): string | undefined {
    const world = this.#world;
    const homes = this.#haveMet ? homesOf(this.#names.length) : undefined;
    this.#planCuts();
    world.start(this.#names, undefined, homes && ((name) => homes.get(name) ?? world.newHome()));
    this.#planTexts();
    for (const node of world.nodes.values()) {
      this.#planCrashes(node);
      this.#planRefusals(node);
      if (!this.#isRollingBack) this.#planClockJumps(node);
    }
    if (this.#isRollingBack) this.#planRollback(world.node(pick(this.#draw, ['alice', 'bob'])));
    world.run(FAULTS_MS);
    this.#calm();
    world.run(20_000);
    const isSettled = world.run(SETTLE_MS, () => this.#isSettled());
    this.#countEnds();
    if (!isSettled || !this.#isSettled()) return 'does not settle';
    // Acks, repairs and what is shown late.
    world.run(120_000, () => world.pipes.size === 0);
    return faultOf({ world, rolledBack: this.#rolledBack });
  }

  #count(name: keyof SeedCounts, more = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + more;
  }

  #isSettled(): boolean {
    for (const node of this.#world.nodes.values()) {
      if (!node.isUp) return false;
      for (const { undelivered } of node.engine.commands.contacts(node.time))
        if (undelivered > 0) return false;
    }
    return true;
  }

  #countEnds(): void {
    this.#counts['exchanges'] = this.#rekeys.exchanges;
    this.#counts['steps'] = this.#rekeys.steps;
    for (const node of this.#world.nodes.values()) {
      for (const event of node.events) {
        if (event.type !== 'message-progress') continue;
        if (event.progress.state === 'expired') this.#count('expired');
        if (event.progress.state === 'cancelled') this.#count('cancelled');
      }
    }
  }

  /** Nothing goes wrong any more. Whoever lost what it had acked gets it again on the next session: there is one. */
  #calm(): void {
    for (const node of this.#world.nodes.values()) {
      node.disk.store.refusal = 'none';
      node.disk.isUnreadable = false;
      node.disk.isBadSector = () => false;
      node.calm();
      for (const name of this.#rolledBack)
        if (name !== node.name)
          this.#world.schedule.after(15_000, () => void node.send(name, 'are you back?'));
    }
  }

  #planCuts(): void {
    const world = this.#world;
    const dialling = new Map<string, number>();
    world.onPipe = (pipe) => {
      this.#count('connections');
      const [from, to] = [pipe.ends[0].name, pipe.ends[1].name];
      dialling.set(`${from} ${to}`, world.now);
      if (world.now - (dialling.get(`${to} ${from}`) ?? -CROSSING_MS) < CROSSING_MS) this.#count('crossings');
      if (world.now > FAULTS_MS || world.random() < 0.3) return;
      this.#count('cuts');
      if (world.random() < 0.6) pipe.cutAfterBytes = Math.floor(world.random() * CUT_BYTES);
      else world.schedule.after(world.random() * 20_000, () => pipe.cut());
    };
  }

  #planTexts(): void {
    const draw = this.#draw;
    for (const from of this.#names) {
      for (const to of this.#names) {
        if (from === to || (this.#names.length > 2 && draw() < 0.4)) continue;
        // More than one window, and more than is kept in memory.
        const count = draw() < 0.004 ? 600 + Math.floor(draw() * 600) : Math.floor(draw() * 12);
        const isBurst = count > 100 || draw() < 0.5;
        const start = draw() < 0.5 ? 10 : draw() * FAULTS_MS * 0.7;
        for (let i = 0; i < count; i++)
          this.#world.schedule.at(isBurst ? start : draw() * FAULTS_MS, () => this.#write(from, to));
      }
    }
  }

  #write(from: string, to: string): void {
    const world = this.#world;
    const node = world.node(from);
    if (!node.isUp) return;
    const text = `${from} ${this.#counts['messages'] ?? 0} ${'x'.repeat(Math.floor(world.random() * 300))}`;
    const expiresAtWall = world.random() < 0.2 ? node.time.wall + world.random() * 20_000 : undefined;
    const id = node.send(to, text, expiresAtWall);
    this.#count('messages');
    if (id === undefined || world.random() > 0.15) return;
    world.schedule.after(world.random() * 10_000, () => {
      if (!node.isUp || node.disk.isUnreadable) return;
      if (world.random() < 0.1) node.command((commands, now) => commands.cancelAll(to, now));
      else node.command((commands, now) => commands.cancel(id, now));
    });
  }

  #planCrashes(node: SimulatedNode): void {
    const world = this.#world;
    node.onCrash = () => {
      this.#count('crashes');
      const isPowerLost = world.random() < 0.3;
      if (!isPowerLost) for (const end of node.ends.values()) end.pipe.cut();
      world.schedule.after(100 + world.random() * 10_000, () => this.#comeBack(node, isPowerLost));
    };
    for (let crashes = Math.floor(world.random() * 3.5); crashes > 0; crashes--) {
      world.schedule.at(world.random() * FAULTS_MS, () => {
        const moment = world.random() < 0.5 ? 'before-commit' : 'after-commit';
        node.crash(moment, Math.floor(world.random() * 12));
      });
    }
  }

  #comeBack(node: SimulatedNode, isPowerLost: boolean, disk?: SimulatedDisk): void {
    if (node.isUp) return;
    if (node.disk.isUnreadable) {
      this.#world.schedule.after(1_000, () => this.#comeBack(node, isPowerLost, disk));
      return;
    }
    const home = disk ? { keys: node.keys, ...disk.home, disk } : node.home;
    node.restart(undefined, home, { isPowerLost });
  }

  /** For some seconds the disk takes nothing, or takes everything and says that it did not. */
  #planRefusals(node: SimulatedNode): void {
    const world = this.#world;
    if (world.random() < 0.75) return;
    world.schedule.at(world.random() * FAULTS_MS, () => {
      this.#count('refusals');
      const { disk } = node;
      disk.store.refusal = world.random() < 0.7 ? 'before' : 'after';
      disk.isUnreadable = world.random() < 0.3;
      // Or only some of what a turn reads fails, when it has decided something already.
      if (world.random() < 0.3) {
        disk.store.refusal = 'none';
        disk.isBadSector = () => world.random() < 0.2;
      }
      world.schedule.after(500 + world.random() * 8_000, () => {
        disk.store.refusal = 'none';
        disk.isUnreadable = false;
        disk.isBadSector = () => false;
      });
    });
  }

  /** Wall clocks go wrong by up to 400 days, either way, while the program runs. */
  #planClockJumps(node: SimulatedNode): void {
    const world = this.#world;
    if (world.random() < 0.5) return;
    for (let jumps = 1 + Math.floor(world.random() * 3); jumps > 0; jumps--) {
      world.schedule.at(world.random() * FAULTS_MS, () => {
        this.#count('clockJumps');
        node.wallOffset = (world.random() - 0.5) * 800 * DAY;
        if (world.random() < 0.5) node.input({ type: 'resumed' });
      });
    }
  }

  /** As with a copy of the disk that is put back, or the end of a journal that is lost. */
  #planRollback(node: SimulatedNode): void {
    const world = this.#world;
    let copy: SimulatedDisk | undefined;
    // Best while something is under way: it may be acked before the disk goes back to not knowing that.
    const take = (): void => {
      copy = node.disk.copy();
      const isQuiet = this.#names.every(
        (name) => (node.disk.store.standing(name)?.outbox?.waiting ?? 0) === 0,
      );
      if (isQuiet && world.now < 30_000) world.schedule.after(50 + world.random() * 500, take);
    };
    world.schedule.at(world.random() * 15_000, take);
    world.schedule.at(31_000 + world.random() * 25_000, () => {
      if (!copy) return;
      this.#count('rollbacks');
      this.#rolledBack.add(node.name);
      for (const end of node.ends.values()) end.pipe.cut();
      node.restart(undefined, { keys: node.keys, ...copy.home, disk: copy });
    });
  }
}

/** Key exchanges by bytes or time, and steps of the record key every few records; a tenth of the worlds has the program's own. */
function rekeyLimits(draw: () => number): Partial<RekeyLimits> {
  if (draw() < 0.1) return {};
  return {
    afterMs: draw() < 0.5 ? 5_000 + draw() * 40_000 : 3_600_000,
    afterBytes: Math.floor(1_000 + draw() * 30_000),
    symmetricRecords: 1 + Math.floor(draw() * 12),
  };
}

function pick<Value>(draw: () => number, values: readonly [Value, ...Value[]]): Value {
  return values[Math.floor(draw() * values.length)] ?? values[0];
}

/** What a world is made of, drawn before it has dice of its own. */
function drawsOf(seed: number): () => number {
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  return () => {
    // mulberry32, public domain.
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
