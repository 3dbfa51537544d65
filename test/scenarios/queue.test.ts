import { describe, expect, test } from 'vitest';
import {
  countTurns,
  friends,
  kill,
  pass,
  people,
  progress,
  states,
  strangers,
  texts,
  undelivered,
} from './friends.ts';

describe('what a person takes back', () => {
  test('one, all, and what is deleted: only what left is still delivered', () => {
    const { world, alice, bob } = friends({ seed: 16 });
    bob.isListening = false;
    const ids = Array.from({ length: 6 }, (_, i) => alice.send('bob', `text ${i}`)!);
    pass(world, 1_000);
    expect(alice.command((commands, now) => commands.cancel(ids[0]!, now))).toBe(true);
    expect(alice.command((commands, now) => commands.cancel(ids[0]!, now))).toBe(false);
    expect(alice.command((commands, now) => commands.eraseOutgoing({ ids: [ids[1]!] }, now))).toBe(1);
    expect(undelivered(alice)).toBe(4);
    alice.restart();
    expect(alice.command((commands, now) => commands.cancel(ids[2]!, now))).toBe(true);
    expect(alice.command((commands, now) => commands.cancelAll('bob', now))).toEqual({ ok: true, value: 3 });
    alice.send('bob', 'kept');
    bob.isListening = true;
    alice.command((commands) => commands.retry('bob'));
    pass(world, 20_000);
    expect(texts(bob)).toEqual(['kept']);
    expect(alice.command((commands, now) => commands.eraseOutgoing({ with: 'bob' }, now))).toBe(0);
  });

  test('a contact that was removed: its messages are held, said to be, and can be withdrawn after a restart', () => {
    const { world, alice, bob } = friends({ seed: 17 });
    bob.isListening = false;
    const id = alice.send('bob', 'x')!;
    pass(world, 1_000);
    alice.restart(people({}, ['alice']), { keys: alice.keys, records: [], disk: alice.disk });
    expect(progress(alice, 'bob')).toMatchObject({ held: true, reason: { code: 'contact-unknown' } });
    expect(alice.command((commands, now) => commands.cancel(id, now))).toBe(true);
  });

  test('a contact that was removed before it was ever met: after a restart its messages expire all the same (DLV-13)', () => {
    const { world, alice, bob } = strangers({ seed: 18 });
    bob.isListening = false;
    alice.send('bob', 'x', alice.time.wall + 60_000);
    pass(world, 1_000);
    alice.restart(people({}, ['alice']));
    pass(world, 60_000);
    expect(states(alice).at(-1)).toBe('expired');
    expect(alice.disk.store.sent('bob')).toMatchObject([{ state: 'expired' }]);
  });

  test('a text whose time is over when it is queued never leaves, session or not (DLV-13)', () => {
    const { world, alice, bob } = friends({ seed: 19 });
    alice.send('bob', 'hello');
    world.run(10_000, () => undelivered(alice) === 0);
    alice.send('bob', 'too late', alice.time.wall - 1);
    pass(world, 10_000);
    expect(texts(bob)).toEqual(['hello']);
    expect(states(alice).at(-1)).toBe('expired');
    expect(undelivered(alice)).toBe(0);
  });

  test('a message that waits already is not queued once more, however often it is asked for', () => {
    const { world, alice, bob } = friends({ seed: 20 });
    const id = alice.send('bob', 'hello')!;
    world.run(10_000, () => undelivered(alice) === 0);
    bob.isListening = false;
    const [sent] = alice.changes.flatMap((change) => (change.type === 'outbox-put' ? [change.row] : []));
    const { seq: _, ...old } = sent!;
    const counts = alice.command((commands, now) =>
      [1, 2].map(() => commands.resend('bob', [old, old], now)),
    );
    expect(counts).toEqual([1, 0].map((value) => ({ ok: true, value })));
    expect(alice.command((commands, now) => commands.resend('bob', [old], now))).toMatchObject({ value: 0 });
    expect([undelivered(alice), alice.disk.store.standing('bob')?.outbox?.assigned]).toEqual([1, 2]);
    bob.isListening = true;
    alice.command((commands) => commands.retry('bob'));
    world.run(60_000, () => undelivered(alice) === 0);
    expect(alice.disk.store.sent('bob')).toMatchObject([{ id, state: 'delivered' }]);
    expect(texts(bob)).toEqual(['hello']);
  });
});

test('a session that took more early than one record holds, and is refused then, is not asked for more without end', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { world, alice, bob } = friends({ seed, latencyMs: [1, 400] });
    bob.useDirectory(people({}, ['bob']));
    bob.isListening = false;
    for (let i = 0; i < 200; i++) alice.send('bob', 'x'.repeat(1_000));
    pass(world, 1_000);
    bob.isListening = true;
    const turns = countTurns(alice);
    alice.command((commands) => commands.retry('bob'));
    pass(world, 5_000);
    expect(turns()).toBeLessThan(1_000);
    expect(undelivered(alice)).toBe(200);
  }
});

test('100,000 texts queued for someone who is away drain in order, and only a page of them is ever in memory (DLV-11)', () => {
  const { world, alice, bob } = friends({ seed: 18, latencyMs: [1, 2], isChunked: false });
  bob.isListening = false;
  const count = 100_000;
  const { store } = alice.disk;
  let [read, most] = [0, 0];
  const outgoing = store.outgoing.bind(store);
  store.outgoing = (peer, range) => {
    const rows = outgoing(peer, range);
    read = Math.max(read, rows.at(-1)?.seq ?? 0);
    most = Math.max(most, read - (store.standing(peer)?.outbox?.settled ?? 0));
    return rows;
  };
  for (let i = 0; i < count; i++) {
    alice.engine.commands.sendText({ to: 'bob', text: `text ${i}` }, alice.time);
    if (i % 1_000 === 0) alice.endTurn();
  }
  alice.endTurn();
  kill(alice);
  alice.restart();
  bob.isListening = true;
  alice.command((commands) => commands.retry('bob'));
  world.run(1_000_000, () => undelivered(alice) === 0);
  expect(undelivered(alice)).toBe(0);
  const arrived = bob.disk.store.received('alice');
  expect(arrived.length).toBe(count);
  expect(arrived.every((text, i) => text === `text ${i}`)).toBe(true);
  expect(most, 'messages between the last that was read and the last that was acked').toBeLessThan(1_300);
}, 120_000);
