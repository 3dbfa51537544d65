import { describe, expect, test } from 'vitest';
import { World, directoryFor, type Pipe } from '../../src/testing/index.ts';
import {
  BOTH,
  canTalk,
  countTurns,
  enrolled,
  eventsOf,
  friends,
  pass,
  reasons,
  states,
  strangers,
  texts,
  undelivered,
  withoutMessages,
} from './friends.ts';

const BEGINNINGS = { strangers, enrolled, friends } as const;

describe('both dial at once (NET-14)', () => {
  for (const [name, begin] of Object.entries(BEGINNINGS)) {
    test(`${name}: whatever the distance in ms, one session survives, the same on both sides, and nothing is lost`, () => {
      for (let distance = -100; distance <= 100; distance++) {
        const latencyMs = distance % 2 === 0 ? ([10, 10] as const) : ([1, 40] as const);
        const pair = begin({ seed: 1000 + distance, latencyMs, isChunked: false });
        const { world, alice, bob } = pair;
        world.schedule.at(200, () => alice.send('bob', 'from alice'));
        world.schedule.at(200 + distance, () => bob.send('alice', 'from bob'));
        pass(world, 15_000);
        const label = `bob ${distance} ms after alice`;
        expect([texts(alice), texts(bob)], label).toEqual([['from bob'], ['from alice']]);
        expect([alice.ends.size, bob.ends.size, world.pipes.size], label).toEqual([1, 1, 1]);
        const [pipe] = world.pipes;
        expect([...alice.ends.values()][0]?.pipe === pipe, label).toBe(true);
        expect([...bob.ends.values()][0]?.pipe === pipe, label).toBe(true);
      }
    });

    test(`${name}: the same with the first or second connection cut somewhere`, () => {
      for (let seed = 1; seed <= 150; seed++) {
        const pair = begin({ seed, latencyMs: [1, 40] });
        const { world, alice, bob } = pair;
        let number = 0;
        world.onPipe = (pipe) => {
          if (number++ === seed % 2) pipe.cutAfterBytes = Math.floor(world.random() * 5_000);
        };
        alice.send('bob', 'from alice');
        world.schedule.after(world.random() * 60, () => bob.send('alice', 'from bob'));
        pass(world, 50_000);
        expect([texts(alice), texts(bob)], `seed ${seed}`).toEqual([['from bob'], ['from alice']]);
        expect(alice.ends.size, `seed ${seed}`).toBe(bob.ends.size);
        expect(alice.ends.size, `seed ${seed}`).toBeLessThan(2);
      }
    });
  }

  test('an enrol that a session of the other side overtakes holds no message for a person (CRY-21)', () => {
    let overtaken = 0;
    for (let seed = 1; seed <= 400; seed++) {
      // Bob only calls: his session ends at once, and what alice said on it was not heard.
      const settingsOf = (name: string) => ({ isCallingAtStart: name === 'bob' });
      const { world, alice, bob } = enrolled({ seed, latencyMs: [40, 40], lingerMs: 0, settingsOf });
      let isFirst = true;
      world.onPipe = (pipe) => {
        if (!isFirst || pipe.ends[0].name !== 'alice') return;
        pipe.cutAfterBytes = 10; // Alice’s session; her next attempt is an enrol.
        isFirst = false;
      };
      world.schedule.at(900, () => alice.send('bob', 'from alice'));
      pass(world, 60_000);
      if (alice.failures.some(({ code }) => code === 'pake-confirm')) overtaken++;
      expect([texts(bob), undelivered(alice)], `seed ${seed}`).toEqual([['from alice'], 0]);
    }
    expect(overtaken).toBeGreaterThan(0);
  });

  test('of two enrols the one of the smaller name goes on, and the smaller name decides it (PROTOCOL §3)', () => {
    const { world, alice, bob } = strangers({ seed: 1, latencyMs: [10, 10], isChunked: false });
    alice.send('bob', 'a');
    bob.send('alice', 'b');
    pass(world, 10_000);
    expect([alice.failures.map((each) => each.code), bob.failures.map((each) => each.code)]).toEqual([
      ['pake-collision'],
      ['not-proven'],
    ]);
    expect(eventsOf(alice, 'contact-connected')).toEqual([
      { type: 'contact-connected', name: 'bob', firstContact: true },
    ]);
  });

  test('smaller is by UTF-8 bytes, which is not the order of JavaScript’s strings (PROTOCOL §3, §9)', () => {
    // ﾊ is U+FF8A, EF BE 8A; 𐐷 is U+10437, F0 90 90 B7, and D801 DC37 in UTF-16.
    const [small, large] = ['ﾊ', '𐐷'] as const;
    expect(small < large, 'JavaScript says').toBe(false);
    const world = new World({ seed: 1, latencyMs: [10, 10], isChunked: false });
    world.start([small, large]);
    world.node(small).send(large, 'x');
    world.node(large).send(small, 'y');
    pass(world, 10_000);
    expect(world.node(small).failures.map((each) => each.code)).toEqual(['pake-collision']);
  });

  test('a stranger who only claims a name can stop neither our dial nor the peer’s (PROTOCOL §3)', () => {
    for (const victim of ['alice', 'zoe']) {
      for (let at = 0; at <= 120; at += 3) {
        const world = new World({ seed: 5, latencyMs: [10, 10], isChunked: false });
        const names = [victim, 'bob'];
        world.start(names);
        // Somebody who claims to be bob and knows no password, on another port.
        const listed = directoryFor([
          { username: victim, port: 7001 },
          { username: 'bob', port: 7003, password: 'a guess' },
        ]);
        const stranger = new World({ seed: 6 }).newHome();
        const guest = world.join('bob', 7003, listed, stranger);
        world.schedule.at(100, () => world.node(victim).send('bob', 'for bob'));
        world.schedule.at(40 + at, () => guest.send(victim, 'let me in'));
        pass(world, 5_000);
        const label = `${victim}, the stranger at ${40 + at} ms`;
        expect(texts(world.node('bob')), label).toEqual(['for bob']);
        expect(texts(world.node(victim)), label).toEqual([]);
        expect(reasons(world.node(victim)), label).toEqual([]);
      }
    }
  });
});

describe('several connections of one pair (PROTOCOL §9)', () => {
  test.each(['alice', 'bob'])(
    'the old connection swallows everything and %s needs the other: the smaller name closes it as a duplicate',
    (restarting) => {
      const pair = friends({ seed: 20, latencyMs: [10, 10] });
      const { world, alice, bob } = pair;
      alice.send('bob', 'one');
      pass(world, 1_000);
      const [old] = world.pipes;
      old!.isSilent = true;
      alice.send('bob', 'two, into the void');
      bob.send('alice', 'two, into the void as well');
      const [away, other] = restarting === 'alice' ? ([alice, bob] as const) : ([bob, alice] as const);
      pass(world, 100);
      // The one is new, the other still believes in the old connection.
      away.restart(BOTH, away.home, { isPowerLost: true });
      away.send(other.name, 'three');
      const turns = countTurns(other);
      pass(world, 2_000);
      expect(texts(other).at(-1), 'at once, on the new connection').toBe('three');
      expect(texts(away).at(-1), 'and what waited on the old one').toContain('two');
      pass(world, 20_000);
      expect(undelivered(alice) + undelivered(bob)).toBe(0);
      // Who has the larger name closes no duplicate: the old one lies there until it has been idle for 120 s.
      expect([alice.ends.size, bob.ends.size]).toEqual(restarting === 'alice' ? [1, 2] : [1, 1]);
      pass(world, 130_000);
      expect([alice.ends.size, bob.ends.size]).toEqual([0, 0]);
      expect(turns(), 'nobody spins').toBeLessThan(100);
    },
  );

  test('a duplicate is closed after 5 s even with something unacknowledged, and the wait for its end does not spin', () => {
    const { world, alice, bob } = friends({ seed: 21, latencyMs: [10, 10], isChunked: false });
    const pipes: Pipe[] = [];
    world.onPipe = (pipe) => void pipes.push(pipe);
    alice.send('bob', 'one');
    world.schedule.at(5, () => bob.send('alice', 'x'));
    // Bob's session is usable at 45 ms and carries this; alice's own at 50 ms, and replaces it.
    world.schedule.at(49, () => alice.send('bob', 'two'));
    world.run(51);
    for (const pipe of pipes) pipe.isSilent = true;
    expect([pipes.length, alice.ends.size]).toEqual([2, 2]);
    const turns = countTurns(alice);
    pass(world, 4_900);
    expect(alice.ends.size).toBe(2);
    pass(world, 6_000);
    expect(alice.ends.size, 'its CLOSE was not answered for another 5 s').toBe(1);
    pass(world, 60_000);
    expect(turns(), 'nobody spins').toBeLessThan(100);
    expect(texts(bob)).toEqual(['one', 'two']);
  });
});

describe('restarts (DLV-09)', () => {
  test.each([false, true])(
    'a peer that starts again with nothing but its pins: said once, shown once, order kept; power lost: %s',
    (isPowerLost) => {
      for (let at = 0; at < 160; at += 4) {
        const { world, alice, bob } = friends({ seed: 30 + at, latencyMs: [5, 30] });
        const sent: string[] = [];
        const say = (text: string) => {
          sent.push(text);
          alice.send('bob', text);
        };
        for (let i = 0; i < 3; i++) say(`before ${i}`);
        world.run(2_000, () => texts(bob).length === 3);
        pass(world, 1_000);
        for (const end of alice.ends.values()) end.pipe.delayMs = isPowerLost ? 400 : 0;
        for (let i = 0; i < 3; i++) say(`during ${i}`);
        pass(world, at);
        // Alice's program dies with her queue, and its bytes may still be on their way to bob.
        const unsent = new Set(sent.slice(3).filter((text) => !texts(bob).includes(text)));
        alice.restart(BOTH, withoutMessages(alice), { isPowerLost });
        alice.send('bob', 'after 0');
        alice.send('bob', 'after 1');
        pass(world, 200_000);
        alice.send('bob', 'after 2');
        pass(world, 200_000);
        const shown = texts(bob);
        const label = `restart after ${at} ms: ${shown.join()}`;
        expect(new Set(shown).size, label).toBe(shown.length);
        expect(
          shown.filter((text) => text.startsWith('after')),
          label,
        ).toEqual(['after 0', 'after 1', 'after 2']);
        expect(
          sent.filter((text) => !shown.includes(text) && !unsent.has(text)),
          label,
        ).toEqual([]);
        expect(eventsOf(bob, 'peer-restarted'), label).toEqual([{ type: 'peer-restarted', name: 'alice' }]);
        expect(eventsOf(bob, 'messages-missing'), label).toEqual([]);
        expect(undelivered(alice), label).toBe(0);
      }
    },
  );

  test('the receiver starts again: what it had not acked comes again, and nothing is said to be missing (DLV-03)', () => {
    for (let at = 0; at < 120; at += 5) {
      const pair = friends({ seed: 60 + at, latencyMs: [5, 30] });
      const { world, alice, bob } = pair;
      alice.send('bob', 'zero');
      pass(world, 1_000);
      for (let i = 1; i <= 4; i++) alice.send('bob', `text ${i}`);
      pass(world, at);
      bob.restart(BOTH);
      pass(world, 100_000);
      expect(undelivered(alice)).toBe(0);
      const shown = texts(bob);
      for (let i = 1; i <= 4; i++) expect(shown).toContain(`text ${i}`);
      expect(eventsOf(bob, 'messages-missing')).toEqual([]);
      expect(canTalk(pair)).toBe(true);
    }
  });
});

describe('lost networks', () => {
  test('a half-open connection is dead after 45 s of silence, and what waited on it arrives on the next (NET-09)', () => {
    const { world, alice, bob } = friends({ seed: 70, latencyMs: [10, 10] });
    alice.send('bob', 'one');
    pass(world, 10_000);
    for (const pipe of world.pipes) pipe.isSilent = true;
    const since = world.now;
    alice.send('bob', 'two');
    world.run(44_900);
    expect([alice.ends.size, texts(bob)]).toEqual([1, ['one']]);
    world.run(60_000, () => texts(bob).length === 2);
    expect(world.now - since).toBeGreaterThanOrEqual(45_000);
    expect(world.now - since).toBeLessThan(47_000);
    expect(alice.failures.map((each) => each.code)).toContain('peer-silent');
    expect(texts(bob)).toEqual(['one', 'two']);
  });

  test('a quiet connection is not probed while nobody waits on it (PROTOCOL §5)', () => {
    const { world, alice } = friends({ seed: 71 });
    alice.send('bob', 'one');
    pass(world, 2_000);
    const [pipe] = world.pipes;
    const before = [...pipe!.arrived];
    pass(world, 50_000);
    expect(pipe!.arrived).toEqual(before);
    expect(pipe!.isCut).toBe(false);
  });

  test('a partition heals: everything arrives once and in order, both ways (NET-10)', () => {
    for (const seconds of [5, 50, 120]) {
      const { world, alice, bob } = friends({ seed: 72 + seconds });
      alice.send('bob', 'a0');
      bob.send('alice', 'b0');
      pass(world, 5_000);
      world.isPartitioned = true;
      for (let i = 1; i <= 20; i++) {
        world.schedule.after((seconds * 1_000 * i) / 21, () => {
          alice.send('bob', `a${i}`);
          bob.send('alice', `b${i}`);
        });
      }
      pass(world, seconds * 1_000);
      world.isPartitioned = false;
      pass(world, 120_000);
      const expected = (side: string) => Array.from({ length: 21 }, (_, index) => `${side}${index}`);
      expect([texts(alice), texts(bob)], `${seconds} s`).toEqual([expected('b'), expected('a')]);
    }
  });

  test('a wall clock that jumps by years disturbs no timer and no order, and a text from the future is marked (CLK-01, CLK-03)', () => {
    const { world, alice, bob } = friends({ seed: 73, latencyMs: [10, 10] });
    const day = 86_400_000;
    alice.send('bob', 'one');
    pass(world, 5_000);
    alice.wallOffset = 400 * day;
    alice.send('bob', 'two, after the jump');
    pass(world, 5_000);
    bob.wallOffset = -30 * 365 * day;
    alice.send('bob', 'three');
    bob.send('alice', 'back');
    pass(world, 100_000);
    expect([alice.ends.size, bob.ends.size], 'the linger ends it as ever').toEqual([0, 0]);
    // Both clocks are wrong now; READY says by how much.
    alice.send('bob', 'four');
    pass(world, 5_000);
    expect(texts(bob)).toEqual(['one', 'two, after the jump', 'three', 'four']);
    expect(texts(alice)).toEqual(['back']);
    expect(eventsOf(bob, 'message-received').map((event) => event.clockMark)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('the end of a session', () => {
  test.each([0, 1_000, 60_000])(
    'with a linger of %i ms it ends that long after the last ack, on both sides',
    (lingerMs) => {
      const { world, alice, bob } = friends({ seed: 80, latencyMs: [10, 10], lingerMs });
      alice.send('bob', 'one');
      world.run(10_000, () => states(alice).includes('delivered'));
      const since = world.now;
      world.run(lingerMs + 10_000, () => alice.ends.size + bob.ends.size === 0);
      expect(world.now - since).toBeGreaterThanOrEqual(lingerMs);
      expect(world.now - since).toBeLessThan(lingerMs + 100);
      expect([...alice.failures, ...bob.failures]).toEqual([]);
      expect(texts(bob)).toEqual(['one']);
    },
  );

  test('a text that is written while the idle session ends is dialled for at once', () => {
    const { world, alice, bob } = friends({ seed: 83, latencyMs: [10, 10], lingerMs: 1_000 });
    alice.send('bob', 'one');
    world.run(10_000, () => states(alice).includes('delivered'));
    pass(world, 1_005); // The CLOSE is on its way, and the answer to it is not.
    expect(alice.ends.size).toBe(1);
    alice.send('bob', 'two');
    const since = world.now;
    world.run(10_000, () => texts(bob).length === 2);
    // The end of the old session, TCP, and three flights of the new one.
    expect(world.now - since).toBeLessThan(120);
  });

  test('a stranger who says nothing is not waited for when the program ends', () => {
    const { alice, bob } = friends({ seed: 84 });
    const link = bob.nextLink();
    bob.engine.admit(link, '192.0.2.1', 0);
    bob.input({ type: 'accepted', link, address: '192.0.2.1', remote: '192.0.2.1' });
    expect([bob.engine.openLinks, bob.engine.unprovenLinks, alice.engine.openLinks]).toEqual([0, 1, 0]);
  });

  test('linger 0: the session says CLOSE in the turn of the last ack', () => {
    const { world, alice, bob } = friends({ seed: 85, latencyMs: [10, 10], isChunked: false, lingerMs: 0 });
    alice.send('bob', 'one');
    expect(world.run(5_000, () => states(alice).includes('delivered'))).toBe(true);
    expect(eventsOf(alice, 'contact-disconnected').length).toBe(1);
    pass(world, 1_000);
    expect([alice.ends.size, bob.ends.size, world.pipes.size]).toEqual([0, 0, 0]);
    expect([texts(bob), alice.failures, bob.failures]).toEqual([['one'], [], []]);
  });

  test('linger 0 with many messages, before and after READY, in both directions: nothing is cut off', () => {
    for (let at = 0; at < 60; at += 3) {
      const { world, alice, bob } = friends({ seed: 81, latencyMs: [10, 10], lingerMs: 0 });
      for (let i = 0; i < 300; i++) alice.send('bob', `a${i} ${'x'.repeat(400)}`);
      world.schedule.after(at, () => {
        for (let i = 0; i < 300; i++) bob.send('alice', `b${i} ${'x'.repeat(400)}`);
      });
      pass(world, 30_000);
      expect(texts(bob).map((text) => text.split(' ')[0])).toEqual(
        Array.from({ length: 300 }, (_, i) => `a${i}`),
      );
      expect(texts(alice).map((text) => text.split(' ')[0])).toEqual(
        Array.from({ length: 300 }, (_, i) => `b${i}`),
      );
      expect([...alice.failures, ...bob.failures]).toEqual([]);
      expect(world.pipes.size === 0 || alice.ends.size === 0).toBe(true);
    }
  });

  test('the listener ends a session that brought nothing for 120 s', () => {
    const { world, alice, bob } = friends({ seed: 82, latencyMs: [10, 10], lingerMs: 10_000_000 });
    alice.send('bob', 'one');
    pass(world, 119_000);
    expect(bob.ends.size).toBe(1);
    pass(world, 3_000);
    expect([alice.ends.size, bob.ends.size]).toEqual([0, 0]);
    expect([...alice.failures, ...bob.failures]).toEqual([]);
  });
});
