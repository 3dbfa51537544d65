import { World } from '../../src/testing/index.ts';

export interface SeedOutcome {
  readonly isSettled: boolean;
  readonly virtualMs: number;
  readonly connections: number;
  readonly cuts: number;
  readonly sent: Readonly<Record<'alice' | 'bob', readonly string[]>>;
  readonly received: Readonly<Record<'alice' | 'bob', readonly string[]>>;
}

/** Faults stop after this much virtual time; then everything must settle. */
const FAULTS_MS = 60_000;
const SETTLE_MS = 3_600_000;

/** One world: two peers write to each other, dial at once, and lose connections at random bytes and moments. */
export function runSeed(seed: number): SeedOutcome {
  const world = new World({ seed, latencyMs: [1, 1 + Math.floor(400 * fraction(seed))] });
  let connections = 0;
  let cuts = 0;
  world.onPipe = (pipe) => {
    connections++;
    if (world.now > FAULTS_MS || world.random() < 0.3) return;
    cuts++;
    if (world.random() < 0.6) pipe.cutAfterBytes = Math.floor(world.random() * 6_000);
    else world.schedule.after(world.random() * 20_000, () => pipe.cut());
  };
  world.start(['alice', 'bob']);
  const sent = { alice: [] as string[], bob: [] as string[] };
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
  world.run(FAULTS_MS);
  const received = (name: 'alice' | 'bob') => world.node(name).received.map((message) => message.text);
  const isDone = () =>
    ['alice', 'bob'].every(
      (name) => world.node(name).engine.commands.undelivered(world.node(name).time).length === 0,
    );
  const isSettled = world.run(SETTLE_MS, isDone) && isDone();
  return {
    isSettled,
    virtualMs: world.now,
    connections,
    cuts,
    sent,
    received: { alice: received('alice'), bob: received('bob') },
  };
}

function fraction(seed: number): number {
  return ((seed * 2_654_435_761) % 1_000) / 1_000;
}
