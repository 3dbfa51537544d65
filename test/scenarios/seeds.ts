import type { RekeyLimits } from '../../src/protocol/session/index.ts';
import { World, type SimulatedNode } from '../../src/testing/index.ts';
import { countingPrimitives } from './counting-primitives.ts';

export interface SeedCounts {
  readonly connections: number;
  readonly cuts: number;
  /** Pairs of dials that were under way at the same time. */
  readonly crossings: number;
  /** Key exchanges, one for each side that took part. */
  readonly exchanges: number;
  /** Steps of a record key by itself, one for each side. */
  readonly steps: number;
  readonly clockJumps: number;
  readonly messages: number;
}

interface SeedOutcome {
  readonly isSettled: boolean;
  readonly virtualMs: number;
  readonly counts: SeedCounts;
  readonly sent: Readonly<Record<Name, readonly string[]>>;
  readonly received: Readonly<Record<Name, readonly string[]>>;
  /** Why connections ended on either side, if not as agreed; each code once. */
  readonly failures: readonly string[];
}

type Name = 'alice' | 'bob';

/** What only a broken or hostile peer does: between two honest ones no connection may end with any of these. */
const VIOLATIONS: ReadonlySet<string> = new Set([
  'counter-exhausted',
  'frame-empty',
  'frame-length',
  'item-body',
  'item-unexpected',
  'item-unknown',
  'record-decrypt',
  'record-structure',
  'rekey-failed',
  'rekey-timeout',
]);

/** What went wrong in this world; undefined when both have exactly what was sent, in order. */
function faultOf({ isSettled, sent, received, failures }: SeedOutcome): string | undefined {
  if (!isSettled) return 'does not settle';
  if (received.bob.join('\n') !== sent.alice.join('\n')) return 'bob did not get what alice sent';
  if (received.alice.join('\n') !== sent.bob.join('\n')) return 'alice did not get what bob sent';
  const violation = failures.find((code) => VIOLATIONS.has(code) || code.startsWith('envelope-'));
  return violation && `a connection ended with ${violation}`;
}

export interface SeedsResult {
  readonly counts: SeedCounts;
  /** One line for each world that went wrong, with the seed that plays it again. */
  readonly faults: readonly string[];
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

export const NO_COUNTS: SeedCounts = {
  connections: 0,
  cuts: 0,
  crossings: 0,
  exchanges: 0,
  steps: 0,
  clockJumps: 0,
  messages: 0,
};

export function addCounts(a: SeedCounts, b: SeedCounts): SeedCounts {
  return {
    connections: a.connections + b.connections,
    cuts: a.cuts + b.cuts,
    crossings: a.crossings + b.crossings,
    exchanges: a.exchanges + b.exchanges,
    steps: a.steps + b.steps,
    clockJumps: a.clockJumps + b.clockJumps,
    messages: a.messages + b.messages,
  };
}

function played(seed: number): { readonly fault: string | undefined; readonly counts: SeedCounts } {
  try {
    const outcome = runSeed(seed);
    return { fault: faultOf(outcome), counts: outcome.counts };
  } catch (error) {
    return { fault: String(error), counts: NO_COUNTS };
  }
}

/** Faults stop after this much virtual time; then everything must settle. */
const FAULTS_MS = 60_000;
const SETTLE_MS = 3_600_000;
const DAY = 86_400_000;

/**
 * One world: two peers write to each other, dial at once, take new keys all the time, end connections early or late, lose
 * them at random bytes and moments, and have clocks that jump by days.
 */
function runSeed(seed: number): SeedOutcome {
  const { primitives, counts } = countingPrimitives();
  const draw = drawsOf(seed);
  const world = new World({
    seed,
    latencyMs: [1, 1 + Math.floor(400 * draw())],
    lingerMs: pick(draw, [0, 3_000, 60_000, 60_000, 60_000, 60_000]),
    rekey: rekeyLimits(draw),
    primitives,
  });
  const dialling = new Map<string, number>();
  let [connections, cuts, crossings, clockJumps] = [0, 0, 0, 0];
  world.onPipe = (pipe) => {
    connections++;
    const [from, to] = [pipe.ends[0].name, pipe.ends[1].name];
    dialling.set(from, world.now);
    if (world.now - (dialling.get(to) ?? -CROSSING_MS) < CROSSING_MS) crossings++;
    if (world.now > FAULTS_MS || world.random() < 0.3) return;
    cuts++;
    if (world.random() < 0.6) pipe.cutAfterBytes = Math.floor(world.random() * CUT_BYTES);
    else world.schedule.after(world.random() * 20_000, () => pipe.cut());
  };
  world.start(['alice', 'bob']);
  const sent = { alice: [] as string[], bob: [] as string[] };
  planTexts(world, sent);
  planClockJumps(world, () => clockJumps++);
  world.run(FAULTS_MS);
  const nodes = [world.node('alice'), world.node('bob')] as const;
  const isDone = (): boolean =>
    nodes.every((node) => node.engine.commands.undelivered(node.time).length === 0);
  const isSettled = world.run(SETTLE_MS, isDone) && isDone();
  return {
    isSettled,
    virtualMs: world.now,
    counts: {
      connections,
      cuts,
      crossings,
      clockJumps,
      ...counts,
      messages: sent.alice.length + sent.bob.length,
    },
    sent,
    received: { alice: textsAt(nodes[0]), bob: textsAt(nodes[1]) },
    failures: [...new Set(nodes.flatMap((node) => node.failures.map((failure) => failure.code)))],
  };
}

/** Two dials of a pair count as crossing when they begin within one way of the slowest network. */
const CROSSING_MS = 400;
/** A first contact with a READY and some texts has about 5,000 bytes, a key exchange about 4,800 more. */
const CUT_BYTES = 12_000;

/** Key exchanges by bytes or time, and steps of the record key every few records; a tenth of the worlds has the program's own. */
function rekeyLimits(draw: () => number): Partial<RekeyLimits> {
  if (draw() < 0.1) return {};
  return {
    afterMs: draw() < 0.5 ? 5_000 + draw() * 40_000 : 3_600_000,
    afterBytes: Math.floor(1_000 + draw() * 30_000),
    symmetricRecords: 1 + Math.floor(draw() * 12),
  };
}

function planTexts(world: World, sent: Record<Name, string[]>): void {
  for (const [from, to] of [
    ['alice', 'bob'],
    ['bob', 'alice'],
  ] as const) {
    const count = Math.floor(world.random() * 12);
    const isBurst = world.random() < 0.5;
    for (let i = 0; i < count; i++) {
      const at = isBurst ? 10 : world.random() * FAULTS_MS;
      world.schedule.at(at, () => {
        const text = `${from} ${sent[from].length} ${'x'.repeat(Math.floor(world.random() * 300))}`;
        sent[from].push(text);
        world.node(from).send(to, text);
      });
    }
  }
}

/** Wall clocks go wrong by up to ten days, either way, while the program runs. */
function planClockJumps(world: World, count: () => void): void {
  for (const name of ['alice', 'bob']) {
    if (world.random() < 0.5) continue;
    for (let jumps = 1 + Math.floor(world.random() * 3); jumps > 0; jumps--) {
      world.schedule.at(world.random() * FAULTS_MS, () => {
        count();
        world.node(name).wallOffset += (world.random() - 0.5) * 20 * DAY;
      });
    }
  }
}

function textsAt(node: SimulatedNode): readonly string[] {
  return node.received.map((message) => message.text);
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
