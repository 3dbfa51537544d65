import { describe, expect, test } from 'vitest';
import { directoryFor } from '../../src/testing/index.ts';
import {
  BOTH,
  canTalk,
  enrolled,
  eventsOf,
  friends,
  pass,
  people,
  pinState,
  reasons,
  record,
  strangers,
  texts,
  progress,
  undelivered,
} from './friends.ts';

describe('who is listed with which password', () => {
  const WRONG = people({ alice: 'another' });

  test('a wrong password holds the message and is not tried again by itself (CRY-11, CRY-21)', () => {
    let dials = 0;
    const { world, alice, bob } = strangers({ seed: 1 }, (name) => (name === 'bob' ? WRONG : BOTH));
    world.onPipe = () => void dials++;
    alice.send('bob', 'one');
    pass(world, 3_600_000);
    expect(dials).toBe(1);
    expect(reasons(alice)).toEqual(['password-mismatch']);
    expect(progress(alice, 'bob')).toMatchObject({
      state: 'queued',
      held: true,
    });
    expect([texts(bob), pinState(alice), pinState(bob)]).toEqual([[], 'none', 'none']);
  });

  test('a new text tries a wrong password again, after three wrong tags not even that, and retry starts over (CRY-11)', () => {
    let dials = 0;
    const { world, alice } = strangers({ seed: 2 }, (name) => (name === 'bob' ? WRONG : BOTH));
    world.onPipe = () => void dials++;
    for (let i = 1; i <= 6; i++) {
      alice.send('bob', `text ${i}`);
      pass(world, 60_000);
      expect(dials).toBe(Math.min(i, 3));
    }
    alice.command((commands) => commands.retry('bob'));
    pass(world, 60_000);
    expect(dials).toBe(4);
  });

  test('an edit of the entry starts over, and the held messages flow in order (DIR-03, CRY-21)', () => {
    const { world, alice, bob } = strangers({ seed: 3 }, (name) => (name === 'bob' ? WRONG : BOTH));
    for (const text of ['one', 'two', 'three', 'four']) {
      alice.send('bob', text);
      pass(world, 10_000);
    }
    bob.input({ type: 'directory', directory: BOTH });
    pass(world, 60_000);
    expect(texts(bob)).toEqual([]);
    alice.input({ type: 'directory', directory: people({ bob: 'new' }) });
    bob.input({ type: 'directory', directory: people({ bob: 'new' }) });
    pass(world, 60_000);
    expect(texts(bob)).toEqual(['one', 'two', 'three', 'four']);
  });

  test('an unlisted dialler and a dialler of a wrong name learn what a wrong password tells, no more (CRY-13)', () => {
    const onlyBob = directoryFor([{ username: 'bob', port: 7002 }]);
    const unlisted = strangers({ seed: 4 }, (name) => (name === 'bob' ? onlyBob : BOTH));
    unlisted.alice.send('bob', 'hello');
    pass(unlisted.world, 100_000);
    expect(reasons(unlisted.alice)).toEqual(['password-mismatch']);
    const carolIsBob = directoryFor([
      { username: 'alice', port: 7001 },
      { username: 'carol', port: 7002, password: 'pw-bob' },
    ]);
    const misnamed = strangers({ seed: 4 }, (name) => (name === 'alice' ? carolIsBob : BOTH));
    misnamed.alice.send('carol', 'hello');
    pass(misnamed.world, 100_000);
    expect(reasons(misnamed.alice)).toEqual(['password-mismatch']);
    expect([pinState(unlisted.bob), pinState(misnamed.bob), texts(misnamed.bob)]).toEqual([
      'none',
      'none',
      [],
    ]);
  });

  test('a key in the directory that the peer does not prove ends the dial before our name and key go out', () => {
    const wrongKey = directoryFor([
      { username: 'alice', port: 7001 },
      { username: 'bob', port: 7002, key: Buffer.alloc(32, 9).toString('base64') },
    ]);
    const { world, alice, bob } = strangers({ seed: 5 }, (name) => (name === 'alice' ? wrongKey : BOTH));
    const sent: number[] = [];
    world.onPipe = (pipe) => world.schedule.after(5_000, () => sent.push(pipe.arrived[0]));
    alice.send('bob', 'hello');
    pass(world, 100_000);
    expect(reasons(alice)).toEqual(['handshake-key']);
    expect(sent, 'preface and message 1, nothing after').toEqual([8 + 2 + 1216]);
    bob.send('alice', 'hello');
    pass(world, 100_000);
    expect(reasons(bob), 'as a dialler bob takes the unknown user’s path').toEqual(['password-mismatch']);
    expect([pinState(alice), pinState(bob)]).toEqual(['none', 'none']);
  });

  test('a pin that contradicts the directory’s key is neither dialled nor served', () => {
    const { world, alice, bob } = friends({ seed: 6 });
    const otherKey = directoryFor([
      { username: 'alice', port: 7001 },
      { username: 'bob', port: 7002, key: Buffer.alloc(32, 9).toString('base64') },
    ]);
    alice.input({ type: 'directory', directory: otherKey });
    alice.send('bob', 'hello');
    bob.send('alice', 'hello');
    pass(world, 100_000);
    expect([texts(alice), texts(bob)]).toEqual([[], []]);
    expect(reasons(alice)).toEqual(['handshake-key']);
    expect(reasons(bob)).toContain('peer-refused');
  });

  test.each(['while running', 'before the start'])(
    'who is removed %s is refused with a word, loses no pin and no message, and is back when listed again (P6, DIR-03)',
    (when) => {
      const pair = friends({ seed: 7 });
      const { world, alice, bob } = pair;
      const pinned = record(bob)?.pin;
      const onlyBob = directoryFor([{ username: 'bob', port: 7002 }]);
      if (when === 'while running') {
        bob.send('alice', 'before');
        pass(world, 1_000);
        bob.send('alice', 'on its way');
        bob.input({ type: 'directory', directory: onlyBob });
      } else bob.restart(onlyBob);
      pass(world, 1_000);
      alice.send('bob', 'am I out?');
      pass(world, 200_000);
      expect(reasons(alice)).toContain('peer-refused');
      expect(texts(bob)).toEqual([]);
      expect(record(bob)?.pin?.key).toEqual(pinned?.key);
      bob.input({ type: 'directory', directory: BOTH });
      pass(world, 600_000);
      expect(texts(bob)).toEqual(['am I out?']);
      expect(texts(alice)).toEqual(when === 'while running' ? ['before', 'on its way'] : []);
    },
  );

  test('a contact that is removed while its session opens gets nothing of it (P6)', () => {
    for (let at = 1; at < 40; at += 2) {
      const { world, alice, bob } = friends({ seed: 8, latencyMs: [5, 5], isChunked: false });
      bob.send('alice', 'for alice');
      world.schedule.after(at, () => {
        bob.input({ type: 'directory', directory: directoryFor([{ username: 'bob', port: 7002 }]) });
        bob.events.length = 0;
      });
      pass(world, 100_000);
      expect(eventsOf(bob, 'contact-connected'), `removed after ${at} ms`).toEqual([]);
      alice.send('bob', 'from alice');
      pass(world, 100_000);
      expect(texts(bob)).toEqual([]);
    }
  });

  test('a password edit changes no pin: the session after it works (P6, CRY-21)', () => {
    const pair = friends({ seed: 9 });
    const pin = record(pair.bob)?.pin;
    pair.bob.input({ type: 'directory', directory: people({ alice: 'x', bob: 'y' }) });
    expect(canTalk(pair)).toBe(true);
    expect(record(pair.bob)?.pin?.psk.reveal()).toEqual(pin?.psk.reveal());
  });
});

describe('what a dialler may never pin', () => {
  test('one static key has one name: who serves two names with one key is pinned once (P5)', () => {
    const three = directoryFor([
      { username: 'alice', port: 7001 },
      { username: 'bob', port: 7002 },
      { username: 'robert', port: 7003 },
    ]);
    const { world, alice, bob } = strangers({ seed: 20 }, () => three);
    world.start(
      ['x', 'y', 'robert'],
      () => three,
      () => bob.home,
    );
    alice.send('bob', 'hello bob');
    pass(world, 1_000);
    alice.send('robert', 'hello robert');
    world.node('robert').send('alice', 'it is me, robert');
    pass(world, 100_000);
    expect(alice.home.records.map((each) => each.username)).toEqual(['bob']);
    expect(texts(world.node('robert'))).toEqual([]);
    expect(texts(alice)).toEqual([]);
  });
});

describe('pins after a cut', () => {
  // Bytes of each flight: what a cut after it leaves on each side, before anything is tried again.
  type Flight = readonly [name: string, direction: 0 | 1, bytes: number, dialler: string, listener: string];
  const ENROL: readonly Flight[] = [
    ['message 1', 0, 8 + 2 + 1216, 'none', 'none'],
    ['message 2', 1, 2 + 1200, 'none', 'none'],
    ['message 3', 0, 1226 + 66, 'none', 'none'],
    ['PAKE1', 0, 1292 + 183, 'none', 'none'],
    ['PAKE2', 1, 1202 + 83, 'unconfirmed', 'none'],
    ['PAKE3', 0, 1475 + 51, 'unconfirmed', 'unconfirmed'],
    ['READY of the dialler', 0, 1526 + 530, 'unconfirmed', 'unconfirmed'],
    ['READY of the listener', 1, 1285 + 530, 'unconfirmed', 'unconfirmed'],
  ];
  const SESSION: readonly Flight[] = [
    ['message 1', 0, 8 + 2 + 1248, 'unconfirmed', 'unconfirmed'],
    ['message 2', 1, 2 + 1152, 'unconfirmed', 'unconfirmed'],
    ['message 3', 0, 1258 + 198, 'unconfirmed', 'confirmed'],
    ['READY of the dialler', 0, 1456 + 530, 'unconfirmed', 'confirmed'],
    ['READY of the listener', 1, 1154 + 530, 'confirmed', 'confirmed'],
  ];

  for (const [mode, flights, begin] of [
    ['enrol', ENROL, strangers],
    ['session', SESSION, enrolled],
  ] as const) {
    test.each(flights)(
      `${mode}: a cut after %s leaves pins that repair themselves`,
      (_, direction, bytes, dialler, listener) => {
        for (const first of ['alice', 'bob']) {
          const pair = begin({ seed: 30, latencyMs: [5, 5], isChunked: false });
          const { world, alice, bob } = pair;
          let isFirst = true;
          world.onPipe = (pipe) => {
            if (isFirst) pipe.cutAfterBytesFrom[direction] = bytes;
            isFirst = false;
          };
          alice.send('bob', 'there');
          pass(world, 100);
          expect([pinState(alice), pinState(bob)]).toEqual([dialler, listener]);
          // Either side may be the first that needs the other again.
          if (first === 'bob') bob.send('alice', 'bob is first');
          pass(world, 200_000);
          expect(texts(bob)).toEqual(['there']);
          expect(canTalk(pair)).toBe(true);
          expect([pinState(alice), pinState(bob)]).toEqual(['confirmed', 'confirmed']);
          expect(record(alice)?.pin?.psk.reveal()).toEqual(record(bob)?.pin?.psk.reveal());
        }
      },
    );
  }

  test('a psk that a session confirmed while our own enrol ran is not replaced, so that no cut parts the two for good (P3)', () => {
    let collisions = 0;
    const begin = () => {
      const pair = enrolled({ seed: 31, latencyMs: [5, 5], isChunked: false });
      const { world, alice } = pair;
      const dials: number[] = [];
      world.onPipe = (pipe) => {
        if (pipe.ends[0].name !== 'alice') return;
        dials.push(world.now);
        if (dials.length === 1) pipe.cutAfterBytes = 100; // A session: what she tries next is an enrol.
        if (dials.length === 2) pipe.cutAfterBytesFrom[0] = 1476; // Its PAKE3 is lost.
      };
      alice.send('bob', 'there');
      return { ...pair, dials };
    };
    const undisturbed = begin();
    pass(undisturbed.world, 2_000);
    const enrolAt = undisturbed.dials[1]!;
    for (let bobAt = enrolAt - 25; bobAt < enrolAt + 15; bobAt += 0.5) {
      const pair = begin();
      const { world, alice, bob, dials } = pair;
      world.schedule.at(bobAt, () => bob.send('alice', 'x'));
      world.run(enrolAt + 50 - world.now);
      if (dials.length === 2 && pinState(bob) === 'confirmed' && pinState(alice) === 'confirmed')
        collisions++;
      pass(world, 400_000);
      expect([texts(bob), texts(alice)], `bob dials after ${bobAt} ms`).toEqual([['there'], ['x']]);
      expect(canTalk(pair), `bob dials after ${bobAt} ms`).toBe(true);
    }
    expect(collisions).toBeGreaterThan(10);
  });
});

test('a text to someone who stays away is dialled for, and nothing else ever is', () => {
  const { world, alice, bob } = friends({ seed: 40 });
  let dials = 0;
  world.onPipe = () => void dials++;
  pass(world, 10_000_000);
  expect(dials).toBe(0);
  alice.send('bob', 'x');
  pass(world, 10_000_000);
  expect([dials, undelivered(alice), texts(bob)]).toEqual([1, 0, ['x']]);
});
