import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Bytes } from '../../src/base/index.ts';
import { encodeFrame, encodePreface, PREFACE_LENGTH } from '../../src/protocol/wire/index.ts';
import { HostilePeer } from './hostile-peer.ts';
import { openRecordingProxy } from './recording-proxy.ts';
import { startSotto } from './sotto-process.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { openTown } from './town.ts';
import { until } from './until.ts';
import { dialRaw, listenRaw } from './wire-socket.ts';

// Attacks on the handshakes over TCP: replay, reflection, splices, weak points, another key behind a pinned name.

test('a recorded first contact and a recorded session, replayed whole or in part, deliver nothing (CRY-04)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol', 'dave']);
  await using proxy = await openRecordingProxy(town.port('bob'));
  await town.onlyDials('alice', 'bob', proxy.port);
  const bob = await town.open('bob');
  const alice = await town.open('alice', { lingerMs: 0 });
  const friends = [await town.open('carol'), await town.open('dave')];
  await alice.sendDelivered('bob', 'the first contact');
  await until('the first connection has ended', () => proxy.openCount === 0);
  await alice.sendDelivered('bob', 'a later session');
  await until('the second connection has ended', () => proxy.openCount === 0);
  const recorded = proxy.recordings.map(({ fromDialler }) => fromDialler);
  expect(recorded.map((bytes) => bytes[5])).toEqual([1, 2]);
  const { talk } = await talkDuring(bob, friends, async () => {
    for (const bytes of recorded) {
      const message1 = PREFACE_LENGTH + 2 + (bytes[5] === 1 ? 1_216 : 1_248);
      for (const [from, to] of [
        [0, bytes.length],
        [0, message1],
        [message1, bytes.length],
        [PREFACE_LENGTH, bytes.length],
      ] as const) {
        using wire = await dialRaw(town.port('bob'));
        wire.write(bytes.subarray(from, to));
        wire.socket.end();
        await wire.ended();
        // Message 2, which is fresh, is all that a replayed message 1 can bring about.
        expect([0, 2 + 1_200, 2 + 1_152]).toContain(wire.heard.length);
      }
    }
  });
  expect(bob.texts('alice')).toEqual(['the first contact', 'a later session']);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('whoever sends a dialler its own bytes back gets nothing, in both modes (CRY-05)', async () => {
  await using echo = await listenRaw(async (wire, index) => {
    const mode = (await wire.take(PREFACE_LENGTH))[5];
    const body = await wire.frame();
    const length = mode === 1 ? 1_200 : 1_152;
    // Its own message 1 as it is, or cut to the length that is due.
    wire.write(index % 2 === 0 ? wire.heard.subarray(PREFACE_LENGTH) : encodeFrame(body.slice(0, length)));
    await wire.ended();
  });
  await using town = await openTown(['bob', 'alice', 'carol', 'dave']);
  await town.onlyDials('alice', 'bob', echo.port);
  const [bob, alice] = [await town.open('bob'), await town.open('alice', { lingerMs: 0 })];
  const friends = [await town.open('carol'), await town.open('dave')];
  const attackDial = async (): Promise<void> => {
    const before = echo.wires.length;
    const id = await alice.send('bob', `to whoever listens, after ${before}`);
    await alice.chat.retry('bob');
    await until('two dials went to the echo', async () => {
      if (echo.wires.length === before + 1) await alice.chat.retry('bob');
      return echo.wires.length >= before + 2;
    });
    await until('both were refused', () => echo.wires.every((wire) => wire.isEnded));
    expect(alice.states(id).some(({ state }) => state === 'delivered')).toBe(false);
  };
  const { talk } = await talkDuring(alice, friends, async () => {
    await attackDial();
    town.edit('alice', 'bob', {});
    await until('back at bob’s', () => alice.all('directory-changed').length === 1);
    await bob.hears('to whoever listens, after 0');
    town.edit('alice', 'bob', { port: echo.port });
    await until('at the echo again', () => alice.all('directory-changed').length === 2);
    await until('the session has ended', async () => !(await alice.contact('bob'))?.connected);
    await attackDial();
  });
  const modes = new Set(echo.wires.map((wire) => wire.heard[5]));
  expect(modes).toEqual(new Set([1, 2]));
  // No message 3: neither Alice's name nor her key went out.
  for (const { heard } of echo.wires) expect(heard.length).toBeLessThanOrEqual(PREFACE_LENGTH + 2 + 1_248);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('the halves of two handshakes do not fit together (CRY-06)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol', 'mallory']);
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const mallory = new HostilePeer('mallory');
  const { talk } = await talkDuring(bob, friends, async () => {
    const one = await mallory.beginEnrol(town.port('bob'), 'bob', 'message 1');
    const other = await mallory.beginEnrol(town.port('bob'), 'bob', 'message 1');
    one.writeFrames(...other.prepared);
    other.writeFrames(...one.prepared);
    await one.ended();
    await other.ended();
    expect([one.heard.length, other.heard.length]).toEqual([1_202, 1_202]);
  });
  expect((await bob.contact('mallory'))?.trust).toBe('new');
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a pinned key under another name, or for another name, gets no READY (CRY-06, CRY-18)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol', 'mallory']);
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const mallory = new HostilePeer('mallory');
  const first = await mallory.dialEnrol(town.port('bob'), 'bob');
  await first.exchangeReady();
  first.wire.reset();
  const { talk } = await talkDuring(bob, friends, async () => {
    for (const [who, whom] of [
      ['alice', 'bob'],
      ['mallory', 'alice'],
      ['mallory', 'mallory'],
      ['bob', 'bob'],
    ] as const) {
      const liar = mallory.renamed(who);
      const session = await liar.dialSession(town.port('bob'), whom);
      session.send(liar.ready(), session.message(`as ${who}`));
      await session.wire.ended();
      // Message 2 and nothing else.
      expect(session.wire.heard.length, `${who} to ${whom}`).toBe(2 + 1_152);
    }
  });
  expect(bob.texts().filter((text) => text.startsWith('as '))).toEqual([]);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

/** The points whose multiples are 0 whatever the secret is, canonical and not (RFC 7748 §6.1; the list of curve25519's page). */
const WEAK_POINTS: readonly Bytes[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

test('a weak point for a key is refused by the listener without an answer, and by the dialler without its name (CRY-02)', async () => {
  let point = 0;
  await using weak = await listenRaw(async (wire) => {
    const mode = (await wire.take(PREFACE_LENGTH))[5];
    await wire.frame();
    const body = new Uint8Array(mode === 1 ? 1_200 : 1_152).fill(3);
    body.set(WEAK_POINTS[point++ % WEAK_POINTS.length] ?? body);
    wire.writeFrames(body);
    await wire.ended();
  });
  await using town = await openTown(['bob', 'alice', 'carol', 'eve'], { eve: weak.port });
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const { talk } = await talkDuring(bob, friends, async () => {
    for (const [mode, length] of [
      ['enrol', 1_216],
      ['session', 1_248],
    ] as const) {
      for (const weakPoint of WEAK_POINTS) {
        using wire = await dialRaw(town.port('bob'));
        const body = new Uint8Array(length).fill(3);
        body.set(weakPoint);
        wire.write(encodePreface(mode), encodeFrame(body));
        await wire.ended();
        expect(wire.heard).toHaveLength(0);
      }
    }
    await bob.send('eve', 'for eve');
    for (let dials = 1; dials <= WEAK_POINTS.length; dials++) {
      await until(
        'the next dial was refused',
        () => weak.wires.filter((wire) => wire.isEnded).length >= dials,
      );
      await bob.chat.retry('eve');
    }
  });
  // One may have just begun.
  const ended = weak.wires.filter((wire) => wire.isEnded);
  for (const { heard } of ended) expect(heard.length).toBe(PREFACE_LENGTH + 2 + 1_216);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('another machine where a pinned peer was gets nothing: exit 5 when it hangs up, exit 4 when it lies; the pin stays (CRY-08)', async () => {
  await using town = await openTown(['bob', 'alice']);
  await town.onlyDials('alice', 'bob');
  const bob = await town.open('bob');
  const alice = await town.open('alice', { lingerMs: 0 });
  await alice.sendDelivered('bob', 'we know each other');
  await alice.sendDelivered('bob', 'and have met again');
  expect((await alice.contact('bob'))?.trust).toBe('pinned');
  const old = await alice.chat.safety('bob');
  await alice.close();
  await bob.close();
  rmSync(town.home('bob'), { recursive: true });
  // The right name and password, but a new key: it cannot even read message 1.
  const stranger = await town.open('bob');
  await using silent = startSotto(town, 'alice', ['send', 'bob', 'for bob alone', '--timeout', '4s']);
  expect(await silent.exitCode()).toBe(5);
  expect(silent.stderr).toContain('before proving itself');
  expect(stranger.texts()).toEqual([]);
  await stranger.close();
  await using liar = await listenRaw(async (wire) => {
    await wire.take(PREFACE_LENGTH);
    await wire.frame();
    wire.writeFrames(new Uint8Array(1_152).fill(9));
    await wire.ended();
  });
  town.edit('alice', 'bob', { port: liar.port });
  await using lied = startSotto(town, 'alice', ['send', 'bob', 'for bob alone', '--timeout', '60s']);
  expect(await lied.exitCode()).toBe(4);
  expect(lied.stderr).toContain('the pinned key was not proven');
  expect(liar.wires[0]?.heard.length).toBe(PREFACE_LENGTH + 2 + 1_248);
  expect(await (await town.open('alice')).chat.safety('bob')).toEqual(old);
});

test('a peer who comes back with another key and the right password waits for a person, and gets nothing meanwhile (CRY-08)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol', 'dave']);
  const alice = await town.open('alice');
  const friends = [await town.open('carol'), await town.open('dave')];
  const before = await town.open('bob');
  await before.sendDelivered('alice', 'it is me');
  const old = (await alice.chat.safety('bob')).current;
  await before.close();
  rmSync(town.home('bob'), { recursive: true });
  const after = await town.open('bob');
  const { talk } = await talkDuring(alice, friends, async () => {
    const id = await after.send('alice', 'it is me, on a new machine');
    await after.progress(id, (progress) => 'reason' in progress && progress.reason.code === 'key-pending');
    await alice.event(
      'key-pending',
      ({ name, oldSafetyNumber }) => name === 'bob' && oldSafetyNumber === old?.safetyNumber,
    );
    const held = await alice.send('bob', 'for the old bob');
    expect(alice.states(held).some(({ state }) => state === 'sent')).toBe(false);
    expect((await alice.chat.safety('bob')).current).toEqual(old);
    expect((await alice.contact('bob'))?.trust).toBe('key-pending');
  });
  expect(alice.texts('bob')).toEqual(['it is me']);
  expect(after.texts('alice')).toEqual([]);
  await alice.close();
  await using once = startSotto(town, 'alice', ['send', 'bob', 'from a script', '--timeout', '60s']);
  const code = await once.exitCode();
  expect(once.stderr).toContain('KEY CHANGED');
  expect(code).toBe(4);
  expect(after.texts('alice')).toEqual([]);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});
