import { expect, test } from 'vitest';
import { concatBytes, type Bytes } from '../../src/base/index.ts';
import { nativePrimitives, systemEntropy } from '../../src/primitives/index.ts';
import {
  enrolInitiator,
  sessionInitiator,
  type HandshakeMachine,
} from '../../src/protocol/handshake/index.ts';
import { encodeFrame, encodePreface, type PrefaceMode } from '../../src/protocol/wire/index.ts';
import { newKeys } from './hostile-peer.ts';
import { openTown, type Person } from './town.ts';
import { staysTrue, until, withinLife } from './until.ts';
import { dialRaw, strangerAddress, type WireSocket } from './wire-socket.ts';

// How many connections a listener has before anything is proven, and whose they are (spec/01).

const STRANGERS_MAX = 48;
const ADDRESS_MAX = 4;
/** How long a connection may say nothing, and how long a handshake may take. */
const SILENT_MS = 3_000;
const ANSWERED_MS = 10_000;

/** The preface and a good message 1, as somebody without any password can make them. */
function opening(mode: PrefaceMode, remote: Person): Bytes {
  const base = {
    primitives: nativePrimitives,
    entropy: systemEntropy,
    preface: encodePreface(mode),
    localName: 'mallory',
    localStatic: newKeys(),
    remoteName: remote.name,
  };
  const remoteStatic = new Uint8Array(Buffer.from(remote.chat.self.key, 'base64'));
  const machine: HandshakeMachine =
    mode === 'enrol'
      ? enrolInitiator({ ...base, passwords: { own: 'a', peer: 'guess' } })
      : sessionInitiator({ ...base, remoteStatic, pairPsk: new Uint8Array(32) });
  const started = machine.start();
  if (!started.ok) throw new Error(started.failure.message);
  return concatBytes(base.preface, ...started.value.send.map((body) => encodeFrame(body)));
}

/** Dials, says this, and waits for an answer: undefined when there is none and the connection is closed. */
async function answered(
  port: number,
  said: Bytes,
  localAddress: string = strangerAddress(),
): Promise<WireSocket | undefined> {
  const wire = await dialRaw(port, { localAddress });
  wire.write(said);
  await until('an answer or the end', () => wire.heard.length > 0 || wire.isEnded);
  return wire.isEnded ? undefined : wire;
}

const alive = (wires: readonly WireSocket[]): number => wires.filter((wire) => !wire.isEnded).length;

test('an address has four silent connections: the fifth takes the place of one of them, and other addresses do not notice (NET-04)', async () => {
  await withinLife(SILENT_MS, async () => {
    await using town = await openTown(['bob']);
    await town.open('bob');
    const [here, elsewhere] = [strangerAddress(), strangerAddress()];
    const neighbour = await dialRaw(town.port('bob'), { localAddress: elsewhere });
    const wires: WireSocket[] = [];
    while (wires.length < 12) {
      wires.push(await dialRaw(town.port('bob'), { localAddress: here }));
      await until('no more than four', () => alive(wires) <= ADDRESS_MAX);
      expect(wires.at(-1)!.isEnded).toBe(false);
    }
    expect(alive(wires)).toBe(ADDRESS_MAX);
    expect(neighbour.isEnded).toBe(false);
  });
});

test('four enrols that were answered keep their places: a fifth of the same address gets no answer (NET-04)', async () => {
  await withinLife(ANSWERED_MS, async () => {
    await using town = await openTown(['bob']);
    const bob = await town.open('bob');
    const here = strangerAddress();
    const said = opening('enrol', bob);
    const enrols: WireSocket[] = [];
    for (let i = 0; i < ADDRESS_MAX; i++) enrols.push((await answered(town.port('bob'), said, here))!);
    expect(await answered(town.port('bob'), said, here)).toBeUndefined();
    expect(alive(enrols)).toBe(ADDRESS_MAX);
    expect(await answered(town.port('bob'), said)).toBeDefined();
  });
});

test('whoever shows that it knows our key gives its place in the address back (NET-04)', async () => {
  await withinLife(ANSWERED_MS, async () => {
    await using town = await openTown(['bob']);
    const bob = await town.open('bob');
    const here = strangerAddress();
    const said = opening('session', bob);
    const sessions: (WireSocket | undefined)[] = [];
    while (sessions.length < 2 * ADDRESS_MAX) sessions.push(await answered(town.port('bob'), said, here));
    expect(sessions).not.toContain(undefined);
    expect(alive(sessions.map((wire) => wire!))).toBe(2 * ADDRESS_MAX);
  });
});

test('an address may come 40 times at once and 20 times in a second (NET-04)', async () => {
  await using town = await openTown(['bob']);
  const bob = await town.open('bob');
  // One that the directory lists: answers to it are not rationed, so that each one says “let in”.
  const said = opening('enrol', bob);
  const beganAt = performance.now();
  let letIn = 0;
  for (let i = 0; i < 90; i++) {
    const wire = await answered(town.port('bob'), said, '127.0.0.1');
    if (wire) letIn++;
    wire?.reset();
    await until('the reset has arrived', () => wire === undefined || wire.socket.destroyed);
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  expect(letIn).toBeGreaterThanOrEqual(30);
  expect(letIn).toBeLessThanOrEqual(Math.ceil(40 + 20 * seconds));
});

test('strangers who hold every place of theirs keep out strangers, but nobody whose address the directory lists (NET-05)', async () => {
  await withinLife(ANSWERED_MS, async () => {
    await using town = await openTown(['bob', 'alice']);
    await town.onlyDials('alice', 'bob');
    const bob = await town.open('bob');
    const said = opening('session', bob);
    const held: WireSocket[] = [];
    // Answers are rationed: some get none, and try again.
    await until('every place is held', async () => {
      const wire = await answered(town.port('bob'), said);
      if (wire) held.push(wire);
      return alive(held) === STRANGERS_MAX;
    });
    const late = await dialRaw(town.port('bob'));
    await late.ended();
    const alice = await town.open('alice');
    await alice.sendDelivered('bob', 'still here');
    expect(alive(held)).toBe(STRANGERS_MAX);
    expect(bob.texts('alice')).toEqual(['still here']);
  });
});

test('whoever proved itself is no longer counted: more contacts than places (NET-05, NET-06)', async () => {
  await withinLife(ANSWERED_MS, async () => {
    const names = Array.from({ length: 6 }, (_, i) => `friend ${i}`);
    await using town = await openTown(['bob', ...names]);
    const bob = await town.open('bob');
    for (const name of names) await (await town.open(name)).sendDelivered('bob', 'hello');
    const said = opening('enrol', bob);
    const enrols: (WireSocket | undefined)[] = [];
    while (enrols.length < ADDRESS_MAX) enrols.push(await answered(town.port('bob'), said, '127.0.0.1'));
    expect(enrols).not.toContain(undefined);
  });
});

test('nothing of what strangers did is held against a contact that was there before (NET-04, NET-05)', async () => {
  await using town = await openTown(['bob', 'alice']);
  const [bob, alice] = [await town.open('bob'), await town.open('alice')];
  await alice.sendDelivered('bob', 'before');
  const said = opening('enrol', bob);
  // From alice's own address: it is closed to anybody new for seconds, her session goes on.
  await until('the address is exhausted', async () => !(await answered(town.port('bob'), said, '127.0.0.1')));
  await alice.sendDelivered('bob', 'after');
  await staysTrue('the session is up', () => alice.all('contact-disconnected').length === 0, 200);
  expect(bob.texts('alice')).toEqual(['before', 'after']);
});
