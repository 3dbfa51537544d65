import { expect, onTestFinished, test, vi } from 'vitest';
import { Secret } from '../../src/base/index.ts';
import { Connection } from '../../src/protocol/session/index.ts';
import { World } from '../../src/testing/index.ts';
import {
  BOTH,
  eventsOf,
  friends,
  pass,
  people,
  progress,
  texts,
  withoutMessages,
  type Pair,
} from './friends.ts';

/** A second bob, with the right password and another key, has enrolled; the first one's session may still be up. */
function pendingNumber({ alice }: Pair): string {
  const safety = alice.engine.commands.safety('bob');
  if (!safety.ok || !safety.value.pending) throw new Error('no key waits');
  return safety.value.pending.safetyNumber;
}

test('a key that waits for a person stops every dial, with the reason that names it (CRY-08)', () => {
  const pair = friends({ seed: 5 });
  const { world, alice, bob } = pair;
  bob.restart(BOTH, world.newHome());
  bob.send('alice', 'it is me');
  pass(world, 60_000);
  // A new start on both sides: bob says nothing, so that what alice knows comes from her own pins alone.
  alice.restart(BOTH);
  bob.restart(BOTH, withoutMessages(bob));
  let dials = 0;
  world.onPipe = () => dials++;
  alice.send('bob', 'who are you?');
  pass(world, 60_000);
  expect(dials).toBe(0);
  expect(progress(alice, 'bob')).toMatchObject({
    state: 'queued',
    held: true,
    reason: { code: 'key-changed' },
  });
  expect(alice.engine.commands.approveKey('bob', pendingNumber(pair), alice.time).ok).toBe(true);
  alice.endTurn();
  bob.send('alice', 'it is me');
  pass(world, 400_000);
  expect([texts(alice), texts(bob)]).toEqual([['it is me'], ['who are you?']]);
});

test('an approval ends the sessions of the former key (P4)', () => {
  const pair = friends({ seed: 6 });
  const { world, alice, bob } = pair;
  alice.send('bob', 'hello');
  pass(world, 1_000);
  const other = world.join('bob', 7099, BOTH, world.newHome());
  other.send('alice', 'trust me');
  pass(world, 5_000);
  expect(alice.engine.commands.contacts(alice.time)[0]).toMatchObject({
    trust: 'key-pending',
    connected: true,
  });
  expect(alice.engine.commands.approveKey('bob', pendingNumber(pair), alice.time).ok).toBe(true);
  alice.send('bob', 'only for the approved key');
  bob.send('alice', 'from the former key');
  pass(world, 60_000);
  expect(texts(bob)).toEqual(['hello']);
  expect(texts(alice)).toEqual(['trust me']);
  expect(texts(other)).toEqual(['only for the approved key']);
});

test('a READY that is not ok says nothing of the talk with the pinned key', () => {
  const { world, bob } = friends({ seed: 10 });
  bob.send('alice', 'a secret number of texts');
  pass(world, 1_000);
  const other = world.join('bob', 7099, BOTH, world.newHome());
  const spy = vi.spyOn(Connection.prototype, 'handle');
  onTestFinished(() => spy.mockRestore());
  other.send('alice', 'let me in');
  pass(world, 1_000);
  const told = spy.mock.calls.flatMap(([input]) => (input.type === 'ready' ? [input.ready] : []));
  const zeros = new Uint8Array(16);
  expect(told.find((ready) => ready.status === 'key-pending')).toMatchObject({
    epoch: zeros,
    peerEpoch: zeros,
    stored: 0,
    storedId: zeros,
    first: 1,
    last: 0,
  });
});

test('what left before a READY that was not ok counts as not received, and can be withdrawn', () => {
  const { world, alice, bob } = friends({ seed: 7 });
  bob.input({ type: 'directory', directory: people({}, ['nobody', 'bob']) });
  const id = alice.send('bob', 'early')!;
  pass(world, 30_000);
  expect(eventsOf(alice, 'message-progress').at(-1)?.progress).toMatchObject({
    state: 'queued',
    reason: { code: 'peer-refused' },
  });
  expect(texts(bob)).toEqual([]);
  expect(alice.command((commands, now) => commands.cancel(id, now))).toBe(true);
});

test('two confirmed pins with different psks, as after an old backup, are repaired by a window on each side (P3)', () => {
  const { world, alice, bob } = friends({ seed: 8 });
  const { keys, records } = bob.home;
  const spoilt = records.map((record) =>
    record.pin ? { ...record, pin: { ...record.pin, psk: new Secret(new Uint8Array(32)) } } : record,
  );
  bob.restart(BOTH, { keys, records: spoilt });
  alice.send('bob', 'after the repair');
  pass(world, 120_000);
  expect(texts(bob)).toEqual([]);
  expect(alice.engine.commands.openRepair('bob', alice.time).ok).toBe(true);
  expect(bob.engine.commands.openRepair('alice', bob.time).ok).toBe(true);
  expect(alice.engine.commands.retry('bob').ok).toBe(true);
  alice.endTurn();
  pass(world, 300_000);
  expect(texts(bob)).toEqual(['after the repair']);
});

test('a peer that breaks off after every READY is dialled ever more rarely', () => {
  const world = new World({ seed: 9, isChunked: false });
  let dials = 0;
  world.onPipe = (pipe) => {
    dials++;
    // The listener's READY gets through, none of its acks does.
    pipe.cutAfterBytesFrom[1] = dials === 1 ? 1_202 + 83 + 530 + 100 : 1_154 + 530 + 100;
  };
  world.start(['alice', 'bob']);
  world.node('alice').send('bob', 'hello');
  pass(world, 3_600_000);
  expect(dials).toBeGreaterThan(5);
  expect(dials).toBeLessThan(60);
});

test('nor does it help such a peer to say each time that it started anew, or that messages are missing', () => {
  const { world, alice, bob } = friends({ seed: 10, isChunked: false });
  bob.send('alice', 'now she knows his numbering');
  pass(world, 200_000);
  let dials = 0;
  world.onPipe = (pipe) => {
    dials++;
    pipe.cutAfterBytesFrom[1] = 1_154 + 530 + 100;
    world.schedule.after(300, () => bob.restart(BOTH, withoutMessages(bob)));
  };
  alice.send('bob', 'hello');
  pass(world, 3_600_000);
  expect(eventsOf(alice, 'peer-restarted').length).toBeGreaterThan(5);
  expect(dials).toBeGreaterThan(5);
  expect(dials).toBeLessThan(60);
});
