import { expect, test } from 'vitest';
import { World } from '../../src/testing/index.ts';
import { BOTH, countTurns, friends, pass, people, reasons, texts, undelivered } from './friends.ts';

const CROWD = Array.from({ length: 40 }, (_, index) => `peer${String(index).padStart(2, '0')}`);

test('at most 10 dials are under way at once, open sessions do not count, and waiting for a turn does not spin (NET-19)', () => {
  const names = ['alice', ...CROWD];
  const world = new World({ seed: 1, latencyMs: [10, 30], isChunked: false });
  world.start(names, () => people({}, names));
  const alice = world.node('alice');
  const turns = countTurns(alice);
  let most = 0;
  const accepted: string[] = [];
  world.onPipe = (pipe) => {
    accepted.push(pipe.ends[1].name);
    const isOpening = (name: string) =>
      alice.engine.commands.contacts(alice.time).every((each) => each.name !== name || !each.connected);
    most = Math.max(most, accepted.filter((name) => isOpening(name)).length);
  };
  for (const name of CROWD) alice.send(name, `for ${name}`);
  pass(world, 5_000);
  expect(most).toBe(10);
  expect(CROWD.filter((name) => texts(world.node(name)).length === 1)).toHaveLength(CROWD.length);
  expect(alice.engine.commands.contacts(alice.time).filter((each) => each.connected)).toHaveLength(
    CROWD.length,
  );
  expect(turns()).toBeLessThan(2_000);
});

test('40 contacts that do not answer: 10 wait at a time, nobody spins, and all are reached once they are back (NET-19)', () => {
  const names = ['alice', ...CROWD];
  const world = new World({ seed: 2, latencyMs: [10, 30], isChunked: false });
  world.start(names, () => people({}, names));
  const alice = world.node('alice');
  const turns = countTurns(alice);
  world.isPartitioned = true;
  for (const name of CROWD) alice.send(name, `for ${name}`);
  pass(world, 120_000);
  expect(turns()).toBeLessThan(2_000);
  world.isPartitioned = false;
  pass(world, 600_000);
  expect(undelivered(alice)).toBe(0);
});

test('dials to one who is away back off from 1 s to 5 min, never in step with others (NET-19)', () => {
  const gapsOf = (seed: number) => {
    const { world, alice, bob } = friends({ seed, latencyMs: [1, 1] });
    bob.isListening = false;
    const dials: number[] = [];
    const connect = world.connect.bind(world);
    world.connect = (...call) => {
      dials.push(world.now);
      connect(...call);
    };
    alice.send('bob', 'x');
    pass(world, 3_600_000);
    expect(reasons(alice)).toEqual(['refused']);
    return dials.slice(1).map((at, index) => at - (dials[index] ?? 0));
  };
  const gaps = gapsOf(3);
  for (const [index, gap] of gaps.entries()) {
    const ceiling = Math.min(300_000, 1_000 * 2 ** index);
    expect(gap, `wait ${index}`).toBeGreaterThanOrEqual(ceiling / 2);
    expect(gap, `wait ${index}`).toBeLessThanOrEqual(ceiling + 10);
  }
  expect(gaps.length).toBeGreaterThan(15);
  expect(gapsOf(4)).not.toEqual(gaps);
});

test('the back-off starts over after a success, and a person’s retry does not wait for it', () => {
  const { world, alice, bob } = friends({ seed: 5 });
  bob.isListening = false;
  alice.send('bob', 'x');
  pass(world, 1_000_000);
  bob.isListening = true;
  alice.command((commands) => commands.retry('bob'));
  pass(world, 1_000);
  expect(texts(bob)).toEqual(['x']);
  for (const pipe of world.pipes) pipe.cut();
  bob.isListening = false;
  alice.send('bob', 'y');
  pass(world, 3_000);
  bob.isListening = true;
  pass(world, 10_000);
  expect(texts(bob)).toEqual(['x', 'y']);
});

test('no secret and no text leaves but where it belongs: events of the scenarios hold no password, psk or key (SEC-02)', () => {
  const { world, alice, bob } = friends({ seed: 6 });
  const written: string[] = [];
  const hear = (label: string, bytes: Uint8Array) =>
    written.push(`${label}${Buffer.from(bytes).toString('latin1')}`);
  world.onPipe = (pipe) => {
    for (const end of pipe.ends) {
      const write = end.write.bind(end);
      end.write = (bytes) => {
        hear('', bytes);
        write(bytes);
      };
    }
  };
  bob.restart(people({ alice: 'zebra-7' }), world.newHome());
  alice.send('bob', 'the text of alice');
  bob.send('alice', 'the text of bob');
  pass(world, 30_000);
  bob.input({ type: 'directory', directory: BOTH });
  bob.command((commands) => commands.retry('alice'));
  pass(world, 30_000);
  const { value } = alice.engine.commands.safety('bob') as { value: { pending: { safetyNumber: string } } };
  alice.command((commands, now) => commands.approveKey('bob', value.pending.safetyNumber, now));
  pass(world, 30_000);
  expect([texts(alice), texts(bob)]).toEqual([['the text of bob'], ['the text of alice']]);
  const secrets: readonly Uint8Array[] = [alice, bob].flatMap((node) => [
    node.keys.secret,
    ...node.home.records.flatMap((each) => (each.pin ? [each.pin.psk.reveal()] : [])),
  ]);
  const needles = [
    'pw-alice',
    'pw-bob',
    'zebra-7',
    ...secrets.flatMap((bytes) =>
      (['hex', 'base64', 'latin1'] as const).map((encoding) => Buffer.from(bytes).toString(encoding)),
    ),
  ];
  const outputs = [alice, bob].map((node) =>
    JSON.stringify([
      node.events.filter((event) => event.type !== 'message-received'),
      node.failures,
      node.home.records,
    ]),
  );
  for (const needle of needles) {
    for (const output of [...outputs, ...written]) expect(output.includes(needle)).toBe(false);
  }
  for (const text of ['the text of alice', 'the text of bob', 'alice', 'hmac', 'bob']) {
    for (const bytes of written) expect(bytes.includes(text), text).toBe(false);
  }
  for (const output of outputs) expect(output).not.toMatch(/the text of/);
});
