import type { MessageId } from '../../src/api/index.ts';
import { CodedError, type Now } from '../../src/base/index.ts';
import { World, type SimulatedDisk, type SimulatedNode } from '../../src/testing/index.ts';
import { cheapEntropy, cheapPrimitives } from './cheap-primitives.ts';
import { countingPrimitives } from './counting-primitives.ts';
import { homesOf, people } from './friends.ts';
import { faultOf } from './seeds-checks.ts';
import { counted, NO_COUNTS, type CountName, type SeedCounts } from './seeds-counts.ts';
import { drawsOf, pick, rekeyLimits } from './seeds-dice.ts';
import { deliveredBy } from './seeds-resend.ts';

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
 * lose them at random bytes and moments, crash before or after a commit, have disks that refuse or cannot be read in the middle of a
 * turn, and clocks that jump by a year, withdraw texts, let them expire, queue them once more; in a few somebody is removed from a
 * directory for a while, or an older state of the disk is put back.
 */
export class Story {
  readonly #counts: Record<string, number> = { ...NO_COUNTS };
  readonly #draw: () => number;
  readonly #world: World;
  readonly #rekeys: { readonly exchanges: number; readonly steps: number };
  readonly #names: readonly string[];
  /** Everybody has met everybody before: psks and pins are settled. */
  readonly #haveMet: boolean;
  /** In some worlds somebody's disk goes back in time. Clocks are right there: what is repaired depends on them. */
  readonly #isRollingBack: boolean;
  readonly #rolledBack = new Map<string, number>();
  /** Somebody is removed from a directory for a while. */
  readonly #isRemoving: boolean;
  readonly #removed = new Map<string, string>();
  readonly #kept = new Map<string, string[]>();
  readonly #stillborn = new Set<string>();

  constructor(seed: number) {
    const { primitives, counts } = countingPrimitives(cheapPrimitives);
    const draw = drawsOf(seed);
    this.#draw = draw;
    this.#rekeys = counts;
    this.#names = NAMES.slice(0, pick(draw, [2, 2, 2, 2, 2, 2, 2, 2, 3, 4]));
    this.#isRollingBack = draw() < 0.06;
    this.#haveMet = this.#isRollingBack || draw() < 0.6;
    // A first contact with one who is not listed ends as with a wrong password, and waits for a person.
    this.#isRemoving = this.#haveMet && !this.#isRollingBack && draw() < 0.15;
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
      entropy: cheapEntropy,
      settingsOf: () => settings,
    });
  }

  get counts(): SeedCounts {
    return counted((name) => this.#counts[name] ?? 0);
  }

  /** What went wrong; undefined when nothing did. */
  play(): string | undefined {
    const world = this.#world;
    const homes = this.#haveMet
      ? homesOf(this.#names.length, { primitives: cheapPrimitives, entropy: cheapEntropy })
      : undefined;
    this.#planCuts();
    world.start(this.#names, undefined, homes && ((name) => homes.get(name) ?? world.newHome()));
    this.#planTexts();
    for (const node of world.nodes.values()) {
      this.#planCrashes(node);
      this.#planRefusals(node);
      if (!this.#isRollingBack) this.#planClockJumps(node);
    }
    this.#planResends();
    if (this.#isRemoving) this.#planRemoval();
    if (this.#names.length > 2 && !this.#isRollingBack && this.#draw() < 0.2) this.#planBadTail();
    if (this.#isRollingBack) this.#planRollback(world.node(pick(this.#draw, ['alice', 'bob'])));
    world.run(FAULTS_MS);
    this.#calm();
    world.run(20_000);
    const isSettled = world.run(SETTLE_MS, () => this.#isSettled());
    this.#countEnds();
    if (!isSettled || !this.#isSettled()) return 'does not settle';
    // Acks, repairs and what is shown late.
    world.run(120_000, () => world.pipes.size === 0);
    return faultOf({
      world,
      rolledBack: this.#rolledBack,
      kept: this.#kept,
      stillborn: this.#stillborn,
      wasRefused: this.#isRemoving,
    });
  }

  #count(name: CountName, more = 1): void {
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
      this.#putBack(node);
      for (const name of this.#rolledBack.keys())
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
        // All at once, or each for itself.
        const inTurn = count > 0 && draw() < 0.2 ? count : 1;
        for (let i = 0; i < count; i += inTurn)
          this.#world.schedule.at(isBurst ? start : draw() * FAULTS_MS, () => this.#write(from, to, inTurn));
      }
    }
  }

  #write(from: string, to: string, count = 1): void {
    const world = this.#world;
    const node = world.node(from);
    if (!node.isUp || this.#removed.get(from) === to) return;
    const isRefusing = node.disk.store.refusal === 'after';
    const isOver = world.random() < 0.05;
    const commands = Array.from({ length: count }, (_, index) => ({
      to,
      text: `${from} ${(this.#counts['messages'] ?? 0) + index} ${'x'.repeat(Math.floor(world.random() * 300))}`,
      ...this.#expiry(node, isOver),
    }));
    const { kept, rejected } = node.sendAll(commands);
    this.#count('messages', count);
    this.#count('rejected', rejected.length);
    // A disk that writes and says that it did not may know of it when the program dies before it is withdrawn.
    if (!isRefusing) for (const id of rejected) this.#stillborn.add(id);
    if (isOver && count < 100) for (const id of kept) this.#stillborn.add(id);
    // One who has just died told nobody that it was kept.
    if (node.isUp) listOf(this.#kept, from).push(...kept);
    for (const id of kept) if (world.random() < 0.15) this.#planCancel(node, to, id);
  }

  /** A time that is over already, is so in no time, or is so while the text waits. */
  #expiry(node: SimulatedNode, isOver: boolean): { readonly expiresAtWall?: number } {
    const { wall } = node.time;
    if (isOver) return { expiresAtWall: wall - this.#world.random() * 2_000 };
    if (this.#world.random() > 0.2) return {};
    return {
      expiresAtWall: wall + this.#world.random() * pick(() => this.#world.random(), [50, 2_000, 20_000]),
    };
  }

  #planCancel(node: SimulatedNode, to: string, id: MessageId): void {
    const world = this.#world;
    world.schedule.after(world.random() * 10_000, () => {
      const isAll = world.random() < 0.1;
      this.#command(node, (commands, now) =>
        isAll ? commands.cancelAll(to, now) : commands.cancel(id, now),
      );
    });
  }

  /** A person is told when the disk cannot be read, and has to ask again. */
  #command(
    node: SimulatedNode,
    act: (commands: SimulatedNode['engine']['commands'], now: Now) => unknown,
  ): void {
    if (!node.isUp) return;
    try {
      node.command(act);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }

  /** What was delivered is queued once more, by one call or by two in the same turn. */
  #planResends(): void {
    const [world, draw] = [this.#world, this.#draw];
    for (let resends = draw() < 0.4 ? 1 + Math.floor(draw() * 3) : 0; resends > 0; resends--) {
      world.schedule.at(draw() * FAULTS_MS, () => {
        const from = world.node(pick(() => world.random(), ['alice', 'bob']));
        const to = from.name === 'alice' ? 'bob' : 'alice';
        const messages = deliveredBy(from, to).filter(() => world.random() < 0.7);
        const calls = world.random() < 0.5 ? 1 : 2;
        this.#command(from, (commands, now) => {
          for (let call = 0; call < calls; call++) {
            const queued = commands.resend(to, messages, now);
            if (queued.ok) this.#count('resent', queued.value);
          }
        });
      });
    }
  }

  /** Whoever is removed is refused: what was sent to it early has not left then. */
  #planRemoval(): void {
    const world = this.#world;
    const [name, other] = pick(
      () => world.random(),
      [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ],
    );
    const node = world.node(name);
    world.schedule.at(world.random() * FAULTS_MS, () => {
      this.#count('removals');
      this.#removed.set(name, other);
      node.useDirectory(people({}, this.#names, [other]));
      world.schedule.after(world.random() * 20_000, () => this.#putBack(node));
    });
  }
  #putBack(node: SimulatedNode): void {
    if (!this.#removed.delete(node.name)) return;
    node.useDirectory(people({}, this.#names));
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

  #comeBack(node: SimulatedNode, isPowerLost: boolean): void {
    if (node.isUp) return;
    try {
      node.restart(undefined, undefined, { isPowerLost });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#world.schedule.after(1_000, () => this.#comeBack(node, isPowerLost));
    }
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
      // In the turn that is refused, and more than memory has room for.
      const [to = ''] = this.#names.filter((name) => name !== node.name);
      const count = world.random() < 0.03 ? 2_500 : 20;
      if (world.random() < 0.6) this.#write(node.name, to, 1 + Math.floor(world.random() * count));
      world.schedule.after(500 + world.random() * 8_000, () => {
        disk.store.refusal = 'none';
        disk.isUnreadable = false;
        disk.isBadSector = () => false;
      });
    });
  }

  /**
   * More waits for one contact than memory has room for, and what is behind cannot be read in turns that have sealed a record for another
   * one: nothing of those may leave.
   */
  #planBadTail(): void {
    const [world, node] = [this.#world, this.#world.node('alice')];
    const start = 2_000 + world.random() * FAULTS_MS * 0.5;
    world.schedule.at(start, () => {
      this.#write('alice', 'carol', 1_500);
      node.disk.isBadSector = (method, peer) =>
        method === 'outgoing' && peer === 'carol' && world.random() < 0.2;
    });
    for (let i = 0; i < 200; i++)
      world.schedule.at(start - 1_000 + i * 40, () => {
        if (!node.isUp || this.#removed.get('alice') === 'bob') return;
        node.sendWithNext([{ to: 'bob', text: `with the next ${i}` }], ({ rejected }) => {
          if (node.disk.store.refusal !== 'after') for (const id of rejected) this.#stillborn.add(id);
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
      this.#rolledBack.set(node.name, node.time.wall);
      for (const end of node.ends.values()) end.pipe.cut();
      node.restart(undefined, { keys: node.keys, ...copy.home, disk: copy });
    });
  }
}

function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  const found = lists.get(key) ?? [];
  lists.set(key, found);
  return found;
}
