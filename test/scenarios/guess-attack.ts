import { fastSeededEntropy } from '../../src/testing/entropy.ts';
import type { SimulatedNode, World } from '../../src/testing/index.ts';
import { eventsOf, friends } from './friends.ts';
import { Guesser, targetOf } from './guesser.ts';

const DAY_MS = 86_400_000;
const HONEST_EVERY_MS = 3_600_000;

export interface AttackFigures {
  readonly tries: number;
  /** PAKE2s that bob sent to whoever tried to be alice. */
  readonly heardFirstDay: number;
  /** The most on any later day. */
  readonly heardLaterDays: number;
  /** From the text to its ack, each hour: under attack, and without one. */
  readonly tookMs: readonly number[];
  readonly tookMsInPeace: readonly number[];
}

/**
 * Alice and bob have met. Somebody with many addresses, who knows when alice's name is heard again, tries passwords in her
 * name at once whenever it is, and on and on in between; alice comes and goes every hour.
 */
export function attack(options: {
  readonly seed: number;
  readonly days: number;
  readonly tries: number;
}): AttackFigures {
  const peace = hours(options, () => undefined);
  const heard: number[] = Array.from({ length: options.days }, () => 0);
  let tries = 0;
  const underAttack = hours(options, (world, bob) => {
    const guesser = new Guesser(targetOf(bob), 'bob', fastSeededEntropy(options.seed));
    const start = world.now;
    const tryOnce = (): void => {
      if (world.now - start >= options.days * DAY_MS) return;
      const address = `10.${100 + (tries % 100)}.${(tries >> 8) % 256}.${tries % 256}`;
      tries++;
      const { wasHeard } = guesser.guess({ as: 'alice', address });
      if (wasHeard) heard[Math.floor((world.now - start) / DAY_MS)]! += 1;
      const view = bob.engine.commands.contacts(bob.time)[0]?.failedGuesses;
      const free = (view?.blockedUntilWall ?? bob.time.wall) - bob.time.wall;
      const pause = Math.max(1, (options.days * DAY_MS) / options.tries);
      world.schedule.after(free > 0 ? Math.min(free, pause) : 1, tryOnce);
    };
    tryOnce();
  });
  return {
    tries,
    heardFirstDay: heard[0] ?? 0,
    heardLaterDays: Math.max(0, ...heard.slice(1)),
    tookMs: underAttack,
    tookMsInPeace: peace,
  };
}

/** One text an hour over new connections; the network always takes 10 ms. */
function hours(
  { seed, days }: { readonly seed: number; readonly days: number },
  prepare: (world: World, bob: SimulatedNode) => void,
): readonly number[] {
  const { world, alice, bob } = friends({ seed, latencyMs: [10, 10], isChunked: false });
  prepare(world, bob);
  for (let at = 60_000; at < days * DAY_MS; at += HONEST_EVERY_MS)
    world.schedule.after(at, () => alice.send('bob', `at ${at}`));
  const end = world.now + days * DAY_MS;
  world.schedule.after(days * DAY_MS, () => undefined);
  world.run(days * DAY_MS, () => world.now >= end);
  return eventsOf(alice, 'message-progress').flatMap(({ progress }) =>
    progress.state === 'delivered' ? [progress.tookMs] : [],
  );
}
