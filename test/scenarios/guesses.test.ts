import { describe, expect, test } from 'vitest';
import { fastSeededEntropy } from '../../src/testing/entropy.ts';
import { directoryFor, World, type SimulatedNode } from '../../src/testing/index.ts';
import { attack } from './guess-attack.ts';
import { eventsOf, friends, pass, people, record, states, strangers, texts } from './friends.ts';
import { Guesser, targetOf } from './guesser.ts';

const NAMES = ['alice', 'bob', 'carol'];
const THREE = people({}, NAMES);
const HOUR_MS = 3_600_000;
const RIGHT = { own: 'pw-carol', peer: 'pw-bob' };

interface Scene {
  readonly world: World;
  readonly bob: SimulatedNode;
  readonly guesser: Guesser;
}

function scene(seed: number): Scene {
  const world = new World({ seed });
  world.start(NAMES);
  const bob = world.node('bob');
  return { world, bob, guesser: new Guesser(targetOf(bob), 'bob', fastSeededEntropy(seed)) };
}

/** Guesses until one is not heard. From a new address each time, or its limit would come first. */
let addresses = 0;
function guessOn({ guesser }: Scene, as = 'carol', most = 20): number {
  for (let heard = 0; heard < most; heard++)
    if (!guesser.guess({ as, address: `192.0.2.${addresses++}` }).wasHeard) return heard;
  return most;
}

function blockedForMs({ bob }: Scene, name = 'carol'): number {
  const contact = bob.engine.commands.contacts(bob.time).find((each) => each.name === name);
  return (contact?.failedGuesses?.blockedUntilWall ?? bob.time.wall) - bob.time.wall;
}

/** Guesses until the name waits this long. */
function exhaust(it: Scene, untilMs = HOUR_MS): void {
  while (blockedForMs(it) < untilMs) {
    pass(it.world, Math.max(2_000, blockedForMs(it)));
    guessOn(it);
  }
}

describe('one name', () => {
  test('five failures are free, each further one doubles the wait, up to an hour (CRY-11)', () => {
    const it = scene(1);
    expect([guessOn(it), blockedForMs(it)], 'the sixth is the first that costs').toEqual([6, 2_000]);
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      pass(it.world, blockedForMs(it) - 1);
      expect(guessOn(it), 'a moment too early').toBe(0);
      pass(it.world, 1);
      expect(guessOn(it)).toBe(1);
      waits.push(blockedForMs(it) / 1000);
    }
    expect(waits).toEqual([4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
  });

  test('whoever waits does not see it: the connection ends as any other does, and other names are heard', () => {
    const it = scene(2);
    guessOn(it);
    const refused = it.guesser.guess({ as: 'carol', address: '198.51.100.1' });
    expect(refused.seen, 'message 2, then the end, and nothing on the disk').toEqual([
      'write 1202',
      'release guess-budget',
    ]);
    it.guesser.guess({ as: 'nobody', address: '198.51.100.2', isLeftOpen: true });
    const crowded = it.guesser.guess({ as: 'nobody', address: '198.51.100.2' });
    expect(crowded.seen).toEqual(['write 1202', 'release too-many-connections']);
    expect(it.guesser.guess({ as: 'alice', address: '198.51.100.1' }).wasHeard).toBe(true);
  });

  test('a restart changes nothing, also of the process that lost its power (CRY-11)', () => {
    const it = scene(3);
    exhaust(it);
    it.bob.restart(THREE, it.bob.home, { isPowerLost: true });
    expect(blockedForMs(it)).toBe(HOUR_MS);
    expect(guessOn(it)).toBe(0);
    pass(it.world, HOUR_MS);
    expect(guessOn(it), 'and then it is one, not five').toBe(1);
  });

  test('success clears it, in either role, and what was charged for the success itself', () => {
    const it = scene(4);
    for (let i = 0; i < 4; i++) it.guesser.guess({ as: 'carol', address: `192.0.2.${i}` });
    const carol = it.world.node('carol');
    carol.send('bob', 'hello');
    pass(it.world, 10_000);
    expect(texts(it.bob)).toEqual(['hello']);
    expect(blockedForMs(it)).toBe(0);
    expect(it.bob.home.guesses?.names.get('carol') ?? 0).toBe(0);
    expect(it.bob.home.guesses?.buckets.size).toBe(0);
    exhaust(it, 60_000);
    const alice = it.world.node('alice');
    it.bob.send('alice', 'I dial');
    pass(it.world, 60_000);
    expect([texts(alice), it.bob.home.guesses?.names.has('alice')]).toEqual([['I dial'], false]);
  });

  test('another password in the directory clears it, another address does not (CRY-21)', () => {
    const it = scene(5);
    exhaust(it);
    const moved = NAMES.map((username, i) => ({ username, port: 9001 + i }));
    it.bob.input({ type: 'directory', directory: directoryFor(moved) });
    expect(blockedForMs(it)).toBe(HOUR_MS);
    it.bob.input({ type: 'directory', directory: people({ carol: 'new' }, NAMES) });
    expect([blockedForMs(it), guessOn(it)]).toEqual([0, 6]);
  });

  test('a person clears it, and so does a repair window', () => {
    const it = scene(6);
    exhaust(it);
    expect(it.bob.command((commands) => commands.forgiveGuesses('carol')).ok).toBe(true);
    expect([blockedForMs(it), guessOn(it)]).toEqual([0, 6]);
    expect(it.bob.command((commands) => commands.forgiveGuesses('nobody'))).toMatchObject({
      failure: { code: 'contact-unknown' },
    });
    const { world, bob } = friends({ seed: 6 });
    const pinned: Scene = { world, bob, guesser: new Guesser(targetOf(bob), 'bob', fastSeededEntropy(66)) };
    guessOn(pinned, 'alice');
    expect(blockedForMs(pinned, 'alice')).toBe(2_000);
    bob.command((commands, now) => commands.openRepair('alice', now));
    expect(blockedForMs(pinned, 'alice')).toBe(0);
  });

  test('a clock that is set back locks for an hour from then at most, one that is set forward frees (CRY-11)', () => {
    const it = scene(7);
    exhaust(it);
    it.bob.wallOffset = -30 * 24 * HOUR_MS;
    expect(guessOn(it)).toBe(0);
    it.bob.restart(THREE);
    pass(it.world, HOUR_MS - 1);
    expect(guessOn(it)).toBe(0);
    pass(it.world, 1);
    expect(guessOn(it)).toBe(1);
    it.bob.wallOffset = 24 * HOUR_MS;
    expect(guessOn(it)).toBe(1);
  });

  test('the success of one contact does not clear the way to another in the same bucket', () => {
    // 200 names in 4,096 buckets: some two share one.
    const names = ['bob', ...Array.from({ length: 200 }, (_, i) => `friend ${i}`)];
    const world = new World({ seed: 8 });
    const directory = people({}, names);
    const bob = world.join('bob', 7001, directory, world.newHome());
    const it: Scene = { world, bob, guesser: new Guesser(targetOf(bob), 'bob', fastSeededEntropy(108)) };
    const twins = twinsAmong(it, names.slice(1));
    bob.restart(directory, { keys: bob.keys, records: [] });
    const [victim, accomplice] = twins;
    pass(world, 60_000);
    expect(guessOn(it, victim), 'until the bucket is full').toBe(6);
    pass(world, 60_000);
    const good = { own: `pw-${accomplice}`, peer: 'pw-bob' };
    const met = it.guesser.guess({ as: accomplice, passwords: good, address: '198.51.100.9' });
    expect(met.wasHeard).toBe(true);
    expect(bob.home.records.map(({ username }) => username)).toEqual([accomplice]);
    pass(world, 2_000);
    expect(guessOn(it, victim), 'its own failures are as they were').toBe(1);
  });
});

/** Two names whose failures are counted together. */
function twinsAmong({ world, bob, guesser }: Scene, names: readonly string[]): readonly [string, string] {
  const byBucket = new Map<number, string>();
  for (const [i, name] of names.entries()) {
    const before = bob.home.guesses?.buckets;
    if (!guesser.guess({ as: name, address: `203.0.113.${i}` }).wasHeard) throw new Error('not heard');
    pass(world, 3_000);
    for (const [bucket, { failures }] of bob.home.guesses?.buckets ?? []) {
      if (failures === (before?.get(bucket)?.failures ?? 0)) continue;
      const twin = byBucket.get(bucket);
      if (twin !== undefined) return [twin, name];
      byBucket.set(bucket, name);
    }
  }
  throw new Error('no two names share a bucket');
}

describe('many', () => {
  test('ten a minute from one address, thirty in all, whatever the names (CRY-11)', () => {
    const it = scene(9);
    const heard = (address: (i: number) => string): number => {
      let count = 0;
      for (let i = 0; i < 40; i++)
        if (it.guesser.guess({ as: `nobody ${i}`, address: address(i) }).wasHeard) count++;
      return count;
    };
    expect(heard(() => '192.0.2.1')).toBe(10);
    expect(
      heard((i) => `192.0.2.${10 + i}`),
      'the total counts the ten',
    ).toBe(20);
    pass(it.world, 59_999);
    expect(heard((i) => `198.51.100.${i}`)).toBe(0);
    pass(it.world, 1);
    expect(heard(() => '192.0.2.1')).toBe(10);
  });

  test('who proves the password takes nothing of the minute’s share: forty meet from one address', () => {
    const world = new World({ seed: 17 });
    const others = Array.from({ length: 40 }, (_, i) => `person-${i}`);
    world.start(['bob', ...others]);
    const guesser = new Guesser(targetOf(world.node('bob')), 'bob', fastSeededEntropy(17));
    const meet = (as: string) =>
      guesser.guess({ as, keys: world.node(as).keys, passwords: { own: `pw-${as}`, peer: 'pw-bob' } });
    expect(others.filter((as) => !meet(as).wasHeard)).toEqual([]);
  });

  test('who proves one password over and over is counted like a stranger from the eleventh time in a minute', () => {
    const it = scene(17);
    const meet = (times: number): number =>
      Array.from({ length: times }, () => it.guesser.guess({ as: 'carol', passwords: RIGHT })).filter(
        ({ wasHeard }) => wasHeard,
      ).length;
    expect(meet(40)).toBe(20);
    pass(it.world, 59_999);
    expect(meet(1)).toBe(0);
    pass(it.world, 1);
    expect(meet(40)).toBe(20);
  });

  test('sixteen proofs under way in all, one an address, until they end or five seconds are over', () => {
    const it = scene(10);
    const leave = (i: number, address = `192.0.2.${i}`): ReturnType<Guesser['guess']> =>
      it.guesser.guess({ as: `nobody ${i}`, address, isLeftOpen: true });
    const first = leave(0);
    expect(leave(1, '192.0.2.0').seen.at(-1)).toBe('release too-many-connections');
    for (let i = 1; i < 16; i++) expect(leave(i).wasHeard).toBe(true);
    expect(leave(16).seen.at(-1)).toBe('release too-many-connections');
    it.bob.input({ type: 'ended', link: first.link });
    expect(leave(0).wasHeard, 'its place was free again').toBe(true);
    pass(it.world, 5_000);
    expect(leave(17).wasHeard).toBe(true);
  });

  test('a name that is unknown is charged like a known one, and nobody is told of it (CRY-13)', () => {
    const it = scene(11);
    expect(guessOn(it, 'mallory')).toBe(6);
    pass(it.world, 2_000);
    expect(guessOn(it, 'mallory')).toBe(1);
    expect(eventsOf(it.bob, 'password-guesses')).toEqual([]);
    expect(it.bob.home.guesses).toMatchObject({ names: new Map() });
  });

  test('another own name, another key and the pinned key draw on the same budget as the name itself (CRY-13)', () => {
    const it = scene(12);
    for (let i = 0; i < 3; i++) it.guesser.guess({ as: 'carol', to: 'robert', address: `192.0.2.${i}` });
    expect(guessOn(it)).toBe(3);
  });
});

describe('the person is told (CRY-11)', () => {
  test('at 3, 5, 10, 20 … failures, with the last address and until when first contact waits', () => {
    const it = scene(13);
    exhaust(it);
    const told = eventsOf(it.bob, 'password-guesses');
    expect(told.map(({ failures }) => failures)).toEqual([3, 5, 10]);
    expect(told[0]).toEqual({
      type: 'password-guesses',
      name: 'carol',
      failures: 3,
      address: expect.stringMatching(/^192\.0\.2\.\d+$/),
    });
    expect(told[2]?.blockedUntilWall).toBeGreaterThan(0);
    expect(it.bob.engine.commands.contacts(it.bob.time)).toMatchObject([
      { name: 'alice' },
      {
        name: 'carol',
        failedGuesses: { failures: expect.any(Number), blockedUntilWall: expect.any(Number) },
      },
    ]);
  });

  test('not of a guess that is still under way, and not of one that was right', () => {
    const it = scene(14);
    it.guesser.guess({ as: 'carol', address: '192.0.2.1' });
    for (let i = 2; i < 5; i++) it.guesser.guess({ as: 'carol', address: `192.0.2.${i}`, isLeftOpen: true });
    it.guesser.guess({ as: 'carol', address: '192.0.2.5' });
    expect(eventsOf(it.bob, 'password-guesses')).toEqual([]);
    it.guesser.guess({ as: 'carol', passwords: RIGHT, address: '192.0.2.9' });
    pass(it.world, 10_000);
    expect(eventsOf(it.bob, 'password-guesses')).toEqual([]);
    expect(record(it.bob)?.username).toBe('carol');
  });
});

test('two days of guessing find fewer than 300 chances a day, and a pinned peer notices nothing (F15, CRY-11, CRY-12)', () => {
  const figures = attack({ seed: 15, days: 2, tries: 400 });
  expect(figures.tries).toBeGreaterThanOrEqual(400);
  expect(figures.heardFirstDay).toBeGreaterThan(20);
  expect(figures.heardFirstDay).toBeLessThanOrEqual(300);
  expect(figures.heardLaterDays).toBeLessThanOrEqual(24);
  expect(figures.tookMs.length).toBeGreaterThan(20);
  expect(figures.tookMs).toEqual(figures.tookMsInPeace);
});

test('strangers who meet for the first time with right passwords are charged nothing', () => {
  const { world, alice, bob } = strangers({ seed: 16 });
  alice.send('bob', 'hello');
  world.run(200_000);
  expect([texts(bob), states(alice).at(-1)]).toEqual([['hello'], 'delivered']);
  expect(bob.home.guesses?.buckets.size).toBe(0);
});
