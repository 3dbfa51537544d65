import { expect, onTestFinished, test } from 'vitest';
import { RecordSealer, type Item } from '../../src/protocol/session/index.ts';
import {
  BOTH,
  canTalk,
  eventsOf,
  friends,
  pass,
  pinState,
  reasons,
  record,
  states,
  texts,
  undelivered,
  type Pair,
} from './friends.ts';

/** Bob has lost everything but his directory and dials with a text; alice has one for him, too. */
function reinstalled(seed: number): Pair & { readonly oldKey: Uint8Array } {
  const pair = friends({ seed });
  const { world, bob } = pair;
  const oldKey = bob.keys.publicKey;
  bob.restart(BOTH, world.newHome());
  return { ...pair, oldKey };
}

function pendingNumber({ alice }: Pair): string {
  const view = alice.engine.commands.safety('bob');
  return view.ok ? (view.value.pending?.safetyNumber ?? '') : '';
}

test('a new key with the right password waits: both people see old and new numbers, the pin stays, nothing passes (P4, CRY-08)', () => {
  const pair = reinstalled(1);
  const { world, alice, bob, oldKey } = pair;
  const oldPsk = record(alice)?.pin?.psk.reveal();
  const before = alice.engine.commands.safety('bob');
  bob.send('alice', 'from the new bob');
  pass(world, 2_000);
  alice.send('bob', 'for bob');
  pass(world, 900_000);
  const [event, ...more] = eventsOf(alice, 'key-pending');
  expect(more, 'said once, not at each try').toEqual([]);
  expect(event).toEqual({
    type: 'key-pending',
    name: 'bob',
    oldSafetyNumber: before.ok ? before.value.current?.safetyNumber : '',
    newSafetyNumber: pendingNumber(pair),
  });
  expect(event?.newSafetyNumber).toMatch(/^(\d{5} ){11}\d{5}$/);
  expect(eventsOf(bob, 'own-key-pending')[0]?.safetyNumber, 'the same on both sides').toBe(
    event?.newSafetyNumber,
  );
  expect(record(alice)?.pin?.key).toEqual(oldKey);
  expect(record(alice)?.pin?.psk.reveal()).toEqual(oldPsk);
  expect(record(alice)?.pin?.confirmed).toBe(true);
  expect([texts(alice), texts(bob)]).toEqual([[], []]);
  expect([undelivered(alice), undelivered(bob)]).toEqual([1, 1]);
  expect(reasons(bob)).toContain('key-pending');
  expect(states(alice), 'nothing left alice').not.toContain('sent');
  expect(alice.engine.commands.contacts(alice.time)[0]?.trust).toBe('key-pending');
});

test('a program that has just begun says what holds a text for whose key waits, before any try (P4)', () => {
  const { world, alice, bob } = reinstalled(9);
  bob.send('alice', 'from the new bob');
  pass(world, 2_000);
  alice.restart(BOTH);
  const progress = alice.engine.commands.progressOf('bob', false, alice.time);
  expect(progress).toMatchObject({ state: 'queued', held: true, reason: { code: 'key-changed' } });
});

test('only the number of the key that waits approves it; then the texts of both directions flow by themselves (P4)', () => {
  const pair = reinstalled(2);
  const { world, alice, bob, oldKey } = pair;
  bob.send('alice', 'from the new bob');
  pass(world, 2_000);
  alice.send('bob', 'for bob');
  pass(world, 10_000);
  const old = eventsOf(alice, 'key-pending')[0]?.oldSafetyNumber ?? '';
  for (const wrong of ['', old, pendingNumber(pair).slice(1), '0'.repeat(60)]) {
    const answer = alice.command((commands, now) => commands.approveKey('bob', wrong, now));
    expect(answer.ok ? '' : answer.failure.code).toBe('fingerprint-mismatch');
  }
  pass(world, 600_000);
  expect([texts(alice), texts(bob)]).toEqual([[], []]);
  const number = pendingNumber(pair).replaceAll(' ', '-');
  expect(alice.command((commands, now) => commands.approveKey('bob', number, now)).ok).toBe(true);
  pass(world, 10_000);
  expect([texts(alice), texts(bob)]).toEqual([['from the new bob'], ['for bob']]);
  expect([pinState(alice), pinState(bob)]).toEqual(['confirmed', 'confirmed']);
  expect(record(alice)?.pin).toMatchObject({ key: bob.keys.publicKey, verified: 'approved' });
  expect(record(alice)?.pin?.formerKeys.map((former) => former.key)).toEqual([oldKey]);
  expect(record(alice)?.pending).toBeUndefined();
  expect(canTalk(pair)).toBe(true);
});

test('an approval is told to the peer once: afterwards nobody is called without need', () => {
  const pair = reinstalled(3);
  const { world, alice, bob } = pair;
  bob.send('alice', 'x');
  pass(world, 10_000);
  alice.command((commands, now) => commands.approveKey('bob', pendingNumber(pair), now));
  pass(world, 200_000);
  let dials = 0;
  world.onPipe = () => void dials++;
  pass(world, 3_600_000);
  expect([dials, texts(alice)]).toEqual([0, ['x']]);
});

test('no third key displaces the one that waits, neither later nor at the same time (P4)', () => {
  for (let at = 0; at < 120; at += 4) {
    const { world, alice, bob } = reinstalled(4);
    const mallory = world.newHome();
    world.start(['x', 'y', 'bob2'], () => BOTH);
    // A second program with bob's name and passwords, on another port.
    const other = world.node('bob2');
    Object.assign(other, { name: 'bob' });
    other.restart(BOTH, mallory);
    bob.send('alice', 'first');
    const waiting = () => record(alice)?.pending?.key;
    let first: Uint8Array | undefined;
    world.schedule.after(at, () => other.send('alice', 'third'));
    for (let i = 0; i < 3_000; i++) {
      pass(world, 10);
      first ??= waiting();
      expect(waiting(), `mallory ${at} ms after bob`).toEqual(first);
    }
    expect(eventsOf(alice, 'key-pending')).toHaveLength(1);
    expect(texts(alice)).toEqual([]);
  }
});

test('alice dials the new bob before he has dialled: he is not proven, the text waits, and goes out after an approval', () => {
  const pair = reinstalled(5);
  const { world, alice, bob } = pair;
  alice.send('bob', 'for bob');
  pass(world, 60_000);
  expect(reasons(alice)).toEqual(['not-proven']);
  expect([texts(bob), pinState(bob)]).toEqual([[], 'none']);
  bob.send('alice', 'I am new');
  pass(world, 5_000);
  alice.command((commands, now) => commands.approveKey('bob', pendingNumber(pair), now));
  pass(world, 60_000);
  expect([texts(alice), texts(bob)]).toEqual([['I am new'], ['for bob']]);
});

test('who lost the pins but kept the key gets in again only through a repair window that a person opened (P3)', () => {
  const pair = friends({ seed: 6 });
  const { world, alice, bob } = pair;
  const pin = record(alice)?.pin;
  bob.restart(BOTH, { keys: bob.keys, records: [] });
  bob.send('alice', 'me again');
  pass(world, 60_000);
  expect(reasons(bob)).toEqual(['password-mismatch']);
  expect(record(alice)?.pin?.psk.reveal()).toEqual(pin?.psk.reveal());
  alice.command((commands, now) => commands.openRepair('bob', now));
  pass(world, 600_001);
  bob.command((commands) => commands.retry('alice'));
  pass(world, 60_000);
  expect(texts(alice), 'ten minutes later the window is shut').toEqual([]);
  alice.command((commands, now) => commands.openRepair('bob', now));
  bob.command((commands) => commands.retry('alice'));
  pass(world, 60_000);
  expect(texts(alice)).toEqual(['me again']);
  expect(record(alice)?.repairUntilWall, 'used up').toBeUndefined();
  expect(canTalk(pair)).toBe(true);
  expect(eventsOf(alice, 'key-pending')).toEqual([]);
});

test('the dialler with a pin who is refused twice after its key was seen says so; once may be an accident (PROTOCOL §8)', () => {
  const { world, alice, bob } = friends({ seed: 7 });
  bob.restart(BOTH, { keys: bob.keys, records: [] });
  alice.send('bob', 'hello');
  pass(world, 20_000);
  expect(reasons(alice).slice(0, 2)).toEqual(['not-proven', 'key-refused']);
});

test('both reinstalled: they meet as strangers do, for neither has anything to protect (P1)', () => {
  const pair = friends({ seed: 8 });
  const { world, alice, bob } = pair;
  alice.restart(BOTH, world.newHome());
  bob.restart(BOTH, world.newHome());
  expect(canTalk(pair)).toBe(true);
  expect(eventsOf(alice, 'key-pending').length + eventsOf(bob, 'key-pending').length).toBe(0);
});

test('an enrol in a confirmed name with the pinned key runs the unknown user’s path: no psk changes (P2, P3)', () => {
  const { world, alice, bob } = friends({ seed: 9 });
  const psk = record(alice)?.pin?.psk.reveal();
  bob.restart(BOTH, { keys: bob.keys, records: [] });
  for (let i = 0; i < 3; i++) {
    bob.command((commands) => commands.retry('alice'));
    bob.send('alice', `try ${i}`);
    pass(world, 60_000);
  }
  expect(record(alice)?.pin?.psk.reveal()).toEqual(psk);
  expect(texts(alice)).toEqual([]);
});

test('a key that waits can neither settle nor spoil what waits for the pinned one: its acks and its CLOSE do not count (P4, DLV-12)', () => {
  const { world, alice, bob } = friends({ seed: 10 });
  alice.send('bob', 'hello');
  pass(world, 1_000);
  for (const pipe of world.pipes) pipe.isSilent = true;
  alice.send('bob', 'sent, and not acked');
  pass(world, 1_000);
  bob.restart(BOTH, world.newHome(), { isPowerLost: true });
  bob.isListening = false;
  pass(world, 60_000);
  const forged = forgeAfterReady([
    { type: 'ack', ack: { cumulative: 2, exceptions: [] } },
    { type: 'close', close: { code: 'bad-envelope', lastSeq: 0 } },
  ]);
  for (let i = 0; i < 4; i++) {
    bob.command((commands) => commands.retry('alice'));
    bob.send('alice', 'x');
    pass(world, 60_000);
  }
  expect(forged.stop()).toBeGreaterThan(3);
  expect(eventsOf(alice, 'key-pending')).toHaveLength(1);
  expect(undelivered(alice)).toBe(1);
  expect(states(alice).filter((state) => state === 'delivered')).toHaveLength(1);
  expect(states(alice)).not.toContain('failed');
});

/** From now on a program that says ok in its READY says these items in the same record. */
function forgeAfterReady(items: readonly Item[]): { stop(): number } {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own sealer below
  const { sealFrame } = RecordSealer.prototype;
  let count = 0;
  RecordSealer.prototype.sealFrame = function (honest) {
    const [first] = honest;
    const isHostile = first?.type === 'ready' && first.ready.status === 'ok';
    if (isHostile) count++;
    return sealFrame.call(this, isHostile ? [...honest, ...items] : honest);
  };
  const stop = () => {
    RecordSealer.prototype.sealFrame = sealFrame;
    return count;
  };
  onTestFinished(() => void stop());
  return { stop };
}
