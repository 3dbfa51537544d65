import { describe, expect, test } from 'vitest';
import type { MessageContent } from '../../src/protocol/delivery/index.ts';
import { World, type Pipe, type WorldOptions } from '../../src/testing/index.ts';
import {
  BOTH,
  eventsOf,
  friends,
  homesOf,
  kill,
  pass,
  people,
  progress,
  states,
  texts,
  undelivered,
  withoutMessages,
  type Pair,
} from './friends.ts';

// What is on the disk when a program ends is what its next start begins with.

const DAY = 86_400_000;
const RUNNING = { isCallingAtStart: true, isKeepingSessions: true };
/** Two programs as people run them: they call at the start, and keep sessions. */
const running = (options: WorldOptions): Pair => friends({ ...options, settingsOf: () => RUNNING });

function countPipes({ world }: Pair): Pipe[] {
  const pipes: Pipe[] = [];
  world.onPipe = (pipe) => void pipes.push(pipe);
  return pipes;
}

describe('the start', () => {
  test('either side’s queue drains over the call of who starts, on one connection, whatever the other’s back-off (DLV-04)', () => {
    const pair = running({ seed: 1, latencyMs: [5, 20] });
    const { world, alice, bob } = pair;
    kill(bob);
    for (let i = 0; i < 5; i++) alice.send('bob', `from alice ${i}`);
    kill(alice);
    bob.restart();
    for (let i = 0; i < 3; i++) bob.send('alice', `from bob ${i}`);
    pass(world, 2_000_000);
    const pipes = countPipes(pair);
    alice.restart();
    pass(world, 4_000);
    expect(pipes).toHaveLength(1);
    expect(texts(bob)).toEqual([0, 1, 2, 3, 4].map((i) => `from alice ${i}`));
    expect(texts(alice)).toEqual([0, 1, 2].map((i) => `from bob ${i}`));
    expect([undelivered(alice), undelivered(bob)]).toEqual([0, 0]);
  });

  test('each listed contact is called once, spread over 3 s; who does not answer is not called again for nothing', () => {
    const names = ['alice', 'bob', 'carol', 'dave'];
    const at: number[] = [];
    const pair = friends({ seed: 2, settingsOf: (name) => (name === 'alice' ? RUNNING : {}) });
    const { world, alice } = pair;
    const connect = world.connect.bind(world);
    world.connect = (...call) => {
      at.push(world.now);
      connect(...call);
    };
    alice.restart(people({}, names), withoutMessages(alice));
    pair.bob.isListening = false;
    pass(world, 2_900);
    pair.bob.isListening = true;
    pass(world, 600);
    const first = at.length;
    expect(first).toBeGreaterThanOrEqual(3);
    expect(new Set(at.map((moment) => Math.round(moment))).size, 'not all at once').toBe(at.length);
    pass(world, 3_600_000);
    // Bob is pinned and has never reached alice: his session is kept. Carol and dave have never been met.
    expect(texts(pair.bob)).toEqual([]);
    expect(at.length).toBeLessThan(first + 10);
    const views = alice.engine.commands.contacts(alice.time);
    expect(views.map(({ name, connected }) => [name, connected])).toEqual([
      ['bob', true],
      ['carol', false],
      ['dave', false],
    ]);
  });

  test('somebody new in the directory is called; nobody is for whom a key waits (P4)', () => {
    const { world, alice, bob } = running({ seed: 3 });
    bob.restart(BOTH, world.newHome());
    pass(world, 20_000);
    expect(eventsOf(alice, 'key-pending')).toHaveLength(1);
    kill(alice);
    kill(bob);
    let dials = 0;
    world.connect = () => dials++;
    alice.restart();
    pass(world, 20_000);
    expect(dials).toBe(0);
    alice.input({ type: 'directory', directory: people({}, ['alice', 'bob', 'carol']) });
    pass(world, 20_000);
    expect(dials).toBe(1);
  });
});

describe('a contact that can only dial us', () => {
  test('gets replies over its kept session for as long as both run, and dials again when that is lost', () => {
    const pair = running({ seed: 4, latencyMs: [5, 20] });
    const { world, alice, bob } = pair;
    alice.isListening = false;
    const pipes = countPipes(pair);
    pass(world, 3_600_000);
    expect(pipes).toHaveLength(1);
    bob.send('alice', 'an hour later');
    pass(world, 200);
    expect(texts(alice)).toEqual(['an hour later']);
    pipes[0]!.cut();
    pass(world, 3_000);
    bob.send('alice', 'and after a cut');
    pass(world, 200);
    expect([texts(alice).at(-1), pipes.length]).toEqual(['and after a cut', 2]);
    expect(progress(bob, 'alice')).toEqual({ state: 'queued', held: false });
  });

  test('once it was reached by the other side the session ends when it is idle, and that is remembered over a restart', () => {
    const { world, alice, bob } = friends({
      seed: 5,
      lingerMs: 3_000,
      settingsOf: (name) => (name === 'alice' ? RUNNING : {}),
    });
    pass(world, 200_000);
    expect(alice.ends.size).toBe(1);
    kill(bob);
    bob.restart();
    bob.send('alice', 'here I am');
    pass(world, 10_000);
    expect([...alice.disk.home.reachedUs.keys()]).toEqual(['bob']);
    alice.restart();
    pass(world, 3_000);
    alice.send('bob', 'hello');
    pass(world, 200_000);
    expect([alice.ends.size, texts(bob)]).toEqual([0, ['hello']]);
    const noted = alice.changes.filter((change) => change.type === 'reached-us');
    expect(noted, 'at most once a day').toHaveLength(1);
  });
});

describe('expiry', () => {
  test('what did not leave in time is given up and never goes out; what left is not', () => {
    const { world, alice, bob } = friends({ seed: 6 });
    bob.isListening = false;
    alice.send('bob', 'in time', alice.time.wall + 90_000);
    alice.send('bob', 'too late', alice.time.wall + 20_000);
    alice.send('bob', 'for ever');
    pass(world, 19_000);
    expect(undelivered(alice)).toBe(3);
    pass(world, 2_000);
    expect(undelivered(alice)).toBe(2);
    expect(eventsOf(alice, 'message-progress').at(-1)?.progress).toMatchObject({
      state: 'expired',
      reason: { code: 'expired' },
    });
    bob.isListening = true;
    alice.command((commands) => commands.retry('bob'));
    pass(world, 200_000);
    expect(texts(bob)).toEqual(['in time', 'for ever']);
    expect(states(alice).filter((state) => state === 'expired')).toHaveLength(1);
  });

  test('a wall clock that jumps over it is noticed within a minute, also by a start (CLK-03)', () => {
    const { world, alice, bob } = friends({ seed: 7 });
    bob.isListening = false;
    alice.send('bob', 'tomorrow', alice.time.wall + DAY);
    alice.send('bob', 'next week', alice.time.wall + 7 * DAY);
    pass(world, 10_000);
    alice.wallOffset += 2 * DAY;
    pass(world, 60_000);
    expect(undelivered(alice)).toBe(1);
    kill(alice);
    alice.wallOffset += 7 * DAY;
    alice.restart();
    pass(world, 1_000);
    expect(undelivered(alice)).toBe(0);
    alice.wallOffset -= 400 * DAY;
    pass(world, 100_000);
    expect(states(alice).filter((state) => state === 'expired')).toHaveLength(2);
  });
});

describe('a disk that went back', () => {
  test('the peer lost what it had acked: it comes again, once, in order, and that is said', () => {
    const { world, alice, bob } = friends({ seed: 8 });
    for (let i = 0; i < 3; i++) alice.send('bob', `text ${i}`);
    pass(world, 5_000);
    const copy = bob.disk.copy();
    for (let i = 3; i < 7; i++) alice.send('bob', `text ${i}`);
    pass(world, 5_000);
    bob.restart(BOTH, { keys: bob.keys, ...copy.home, disk: copy });
    alice.send('bob', 'text 7');
    pass(world, 20_000);
    expect(eventsOf(alice, 'messages-lost-by-peer')).toEqual([
      { type: 'messages-lost-by-peer', name: 'bob', count: 4, resent: 4 },
    ]);
    expect(bob.disk.store.received('alice')).toEqual(Array.from({ length: 8 }, (_, i) => `text ${i}`));
    expect(
      states(alice).filter((state) => state === 'delivered'),
      'settled once',
    ).toHaveLength(8);
  });

  test('we went back: the peer remembers more than we do; a new numbering, nothing shown twice (DLV-09)', () => {
    const { world, alice, bob } = friends({ seed: 9 });
    alice.send('bob', 'one');
    pass(world, 5_000);
    kill(bob);
    alice.send('bob', 'two, queued when the copy was made');
    const copy = alice.disk.copy();
    bob.restart();
    alice.command((commands) => commands.retry('bob'));
    pass(world, 5_000);
    alice.send('bob', 'three, forgotten');
    pass(world, 5_000);
    alice.restart(BOTH, { keys: alice.keys, ...copy.home, disk: copy });
    alice.send('bob', 'four');
    pass(world, 60_000);
    expect(bob.disk.store.received('alice')).toEqual([
      'one',
      'two, queued when the copy was made',
      'three, forgotten',
      'four',
    ]);
    expect(eventsOf(bob, 'peer-restarted')).toHaveLength(1);
    expect([undelivered(alice), eventsOf(bob, 'messages-missing')]).toEqual([0, []]);
  });

  test('of what it acked long ago nothing goes out by itself; a person has it sent again, and what is there is shown once', () => {
    const { world, alice, bob } = friends({ seed: 10 });
    for (let i = 0; i < 4; i++) alice.send('bob', `text ${i}`);
    pass(world, 5_000);
    const copy = bob.disk.copy();
    alice.wallOffset += 8 * DAY;
    alice.send('bob', 'a week later');
    pass(world, 5_000);
    bob.restart(BOTH, withoutMessages(bob));
    alice.send('bob', 'are you well?');
    pass(world, 5_000);
    expect(bob.disk.store.received('alice')).toEqual(['a week later', 'are you well?']);
    expect(eventsOf(alice, 'messages-lost-by-peer')).toMatchObject([{ count: 5, resent: 1 }]);
    const old = copy.incoming().map(({ row }): MessageContent => row);
    const again = alice.command((commands, now) => commands.resend('bob', old, now));
    expect(again).toEqual({ ok: true, value: 4 });
    alice.command((commands, now) => commands.resend('bob', old, now));
    pass(world, 20_000);
    expect(bob.disk.store.received('alice').slice(2)).toEqual([0, 1, 2, 3].map((i) => `text ${i}`));
    expect(undelivered(alice)).toBe(0);
  });

  test('a key that was changed fetches no history (CRY-08)', () => {
    const { world, alice, bob } = friends({ seed: 11 });
    for (let i = 0; i < 4; i++) alice.send('bob', `for the former key ${i}`);
    pass(world, 5_000);
    bob.restart(BOTH, world.newHome());
    bob.send('alice', 'it is me, on a new machine');
    pass(world, 30_000);
    const safety = alice.engine.commands.safety('bob');
    const number = safety.ok ? (safety.value.pending?.safetyNumber ?? '') : '';
    alice.command((commands, now) => commands.approveKey('bob', number, now));
    alice.send('bob', 'for the new one');
    pass(world, 600_000);
    expect(bob.disk.store.received('alice')).toEqual(['for the new one']);
    expect(texts(alice)).toEqual(['it is me, on a new machine']);
  });
});

describe('the disk refuses', () => {
  test('what cannot be kept is not sent, and the call says so; later everything goes on (STO-03)', () => {
    const { world, alice, bob } = friends({ seed: 12 });
    alice.send('bob', 'one');
    pass(world, 2_000);
    alice.disk.store.refusal = 'before';
    expect(alice.send('bob', 'not kept')).toBeUndefined();
    bob.send('alice', 'comes later');
    pass(world, 10_000);
    expect([texts(bob), texts(alice)]).toEqual([['one'], []]);
    expect(undelivered(bob)).toBe(1);
    alice.disk.store.refusal = 'none';
    pass(world, 60_000);
    alice.send('bob', 'two');
    pass(world, 60_000);
    expect([texts(bob), texts(alice)]).toEqual([['one', 'two'], ['comes later']]);
  });

  test('nothing leaves of a turn that could not read the disk after a record was sealed: what was rejected is not sent (STO-03)', () => {
    const world = new World({ seed: 16, latencyMs: [5, 20] });
    world.start(['alice', 'bob', 'carol'], undefined, (name) => homesOf(3).get(name)!);
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.node(name));
    alice!.send('bob', 'hello');
    carol!.isListening = false;
    // More than is kept in memory: when carol acks, what is behind is read in the turn that seals a record for bob.
    for (let i = 0; i < 2_000; i++) alice!.send('carol', `for carol ${i}`);
    const [kept, rejected]: [string[], string[]] = [[], []];
    const input = alice!.input.bind(alice);
    const { engine } = alice!;
    const handle = engine.handle.bind(engine);
    const waitingFor = (name: string) =>
      engine.commands.contacts(alice!.time).find((contact) => contact.name === name)!.undelivered;
    let isTurnEnd = false;
    engine.handle = (given, now) => {
      isTurnEnd = given.type === 'turn-ended';
      return handle(given, now);
    };
    alice!.input = (given) => {
      const ends = given.type === 'bytes' ? (alice!.ends.get(given.link)?.pipe.ends ?? []) : [];
      // One text at a time, and none after the first that is refused: its connection has nothing else on its way.
      const isQuiet = waitingFor('bob') === 0 && rejected.length === 0;
      if (!isQuiet || !ends.some(({ name }) => name === 'carol')) return input(given);
      const text = `text ${kept.length + rejected.length}`;
      const sent = engine.commands.sendText({ to: 'bob', text }, alice!.time);
      let isRefused = false;
      alice!.disk.isBadSector = (method, peer) =>
        (isRefused ||= isTurnEnd && method === 'outgoing' && peer === 'carol');
      input(given);
      alice!.disk.isBadSector = () => false;
      (isRefused ? rejected : kept).push(text);
      if (isRefused && sent.ok) engine.commands.takeBack('bob', sent.value, alice!.time);
    };
    carol!.isListening = true;
    alice!.command((commands) => commands.retry('carol'));
    pass(world, 600_000);
    expect(rejected).toHaveLength(1);
    expect(texts(bob!)).toEqual(['hello', ...kept]);
    expect(texts(carol!)).toHaveLength(2_000);
    expect(undelivered(alice!)).toBe(0);
  });
});

describe('clocks', () => {
  test('a peer whose clock is 10 minutes off is named once a session, 4 minutes are not worth a word (CLK-01)', () => {
    const { world, alice, bob } = friends({ seed: 13 });
    bob.wallOffset = 240_000;
    alice.send('bob', 'one');
    pass(world, 200_000);
    expect([...eventsOf(alice, 'clock-skew'), ...eventsOf(bob, 'clock-skew')]).toEqual([]);
    bob.wallOffset = 600_000;
    alice.send('bob', 'two');
    alice.send('bob', 'three');
    pass(world, 5_000);
    const [skew] = eventsOf(alice, 'clock-skew');
    expect(eventsOf(alice, 'clock-skew')).toHaveLength(1);
    expect(skew?.name).toBe('bob');
    expect(Math.abs((skew?.skewMs ?? 0) - 600_000)).toBeLessThan(1_000);
    expect(eventsOf(bob, 'clock-skew')[0]?.skewMs).toBeLessThan(-599_000);
  });

  test('after a standstill a dead session is found in 5 s instead of 45, and what waits for a dial goes at once (CLK-04, CLK-05)', () => {
    const { world, alice, bob } = friends({ seed: 14, latencyMs: [10, 10] });
    alice.send('bob', 'one');
    pass(world, 2_000);
    for (const pipe of world.pipes) pipe.isSilent = true;
    alice.wallOffset += 8 * 3_600_000;
    alice.input({ type: 'resumed' });
    alice.send('bob', 'two');
    pass(world, 7_500);
    expect(texts(bob)).toEqual(['one', 'two']);
    expect(alice.failures.map(({ code }) => code)).toEqual(['peer-silent']);
    for (const pipe of world.pipes) pipe.cut();
    bob.isListening = false;
    alice.send('bob', 'three');
    pass(world, 1_000_000);
    bob.isListening = true;
    alice.input({ type: 'resumed' });
    pass(world, 3_500);
    expect(texts(bob)).toEqual(['one', 'two', 'three']);
  });

  test('how long delivery took is never negative, whatever the clock did between two runs', () => {
    const { world, alice, bob } = friends({ seed: 15 });
    bob.isListening = false;
    alice.send('bob', 'x');
    pass(world, 5_000);
    alice.wallOffset -= 400 * DAY;
    alice.restart();
    bob.isListening = true;
    alice.command((commands) => commands.retry('bob'));
    pass(world, 5_000);
    expect(eventsOf(alice, 'message-progress').at(-1)?.progress).toEqual({ state: 'delivered', tookMs: 0 });
  });
});
