import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { concatBytes, encodeUtf8, type Bytes } from '../../src/base/index.ts';
import { encodeFrame, encodePreface, PREFACE_LENGTH } from '../../src/protocol/wire/index.ts';
import { HostilePeer } from './hostile-peer.ts';
import { startListening } from './sotto-process.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { openTown } from './town.ts';
import { until } from './until.ts';
import { dialRaw, listenRaw } from './wire-socket.ts';

/** As Firefox, curl and ssh begin; a TLS ClientHello of 1.3 up to its random. */
const STRANGERS: Readonly<Record<string, Bytes>> = {
  HTTP: encodeUtf8('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n'),
  'HTTP/2': encodeUtf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  TLS: concatBytes(Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), randomBytes(506)),
  SSH: encodeUtf8('SSH-2.0-OpenSSH_9.6\r\n'),
  SMTP: encodeUtf8('EHLO example.org\r\n'),
  SOCKS: Uint8Array.of(5, 1, 0),
  'one NUL': Uint8Array.of(0),
  'one right byte, then a wrong one': encodeUtf8('Sx'),
  noise: Uint8Array.of(0xff, ...randomBytes(4_095)),
  'a preface and junk of the right length': concatBytes(
    encodePreface('session'),
    encodeFrame(randomBytes(1_248)),
  ),
};

test('HTTP, TLS, SSH and junk are closed at once, without a byte of answer and without a line of log (NET-20)', async () => {
  await using town = await openTown(['bob', 'alice']);
  await using bob = await startListening(town, 'bob');
  const alice = await town.open('alice');
  await alice.sendDelivered('bob', 'before');
  await bob.says('before', 'stdout');
  const said = bob.stderr;
  for (const [what, greeting] of Object.entries(STRANGERS)) {
    const livedMs: number[] = [];
    for (let i = 0; i < 3; i++) {
      using wire = await dialRaw(town.port('bob'));
      wire.write(greeting);
      livedMs.push(await wire.ended());
      expect(wire.heard, what).toHaveLength(0);
    }
    // Below the 3 s of a silent one at least when the machine let both sides work: the bytes are the reason.
    expect(Math.min(...livedMs), what).toBeLessThan(2_000);
    await alice.sendDelivered('bob', `after ${what}`);
  }
  using silent = await dialRaw(town.port('bob'));
  expect(await silent.ended()).toBeGreaterThan(2_800);
  expect(bob.stderr).toBe(said);
  expect(bob.stdout.trim().split('\n')).toHaveLength(1 + Object.keys(STRANGERS).length);
});

test('junk of the right length costs one answer in an enrol, and no more (NET-20, CRY-04)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol']);
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const { talk } = await talkDuring(bob, friends, async () => {
    for (let i = 0; i < 10; i++) {
      using wire = await dialRaw(town.port('bob'));
      wire.write(encodePreface('enrol'), encodeFrame(randomBytes(1_216)), encodeFrame(randomBytes(64)));
      await wire.ended();
      // Random bytes are an ephemeral key like any other: message 2 answers it, junk for message 3 ends it.
      expect([0, 1_202]).toContain(wire.heard.length);
    }
  });
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a reset at any stage of a connection hurts nobody else (NET-18)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol', 'mallory']);
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const mallory = new HostilePeer('mallory');
  const { talk } = await talkDuring(bob, friends, async () => {
    for (let i = 0; i < 5; i++) {
      (await dialRaw(town.port('bob'))).reset();
      const begun = await dialRaw(town.port('bob'));
      begun.write(encodePreface('enrol'), Uint8Array.of(4));
      begun.reset();
      (await mallory.beginEnrol(town.port('bob'), 'bob', 'message 1')).reset();
      (await mallory.beginEnrol(town.port('bob'), 'bob', 'PAKE1')).reset();
      const session = await mallory.dialEnrol(town.port('bob'), 'bob');
      if (i % 2 === 0) await session.exchangeReady();
      session.wire.reset();
    }
    // Alice and Carol, the only two who are still there.
    await until('the others are gone', async () => {
      const contacts = await bob.chat.contacts();
      return contacts.every(({ name, connected }) => connected === (name !== 'mallory'));
    });
  });
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
  expect(bob.all('trouble')).toEqual([]);
});

test('a peer that resets every dial keeps its message queued, with the next try, and delays nobody (NET-18)', async () => {
  await using server = await listenRaw(async (wire) => {
    await wire.take(PREFACE_LENGTH);
    wire.reset();
  });
  await using town = await openTown(['bob', 'alice', 'carol', 'eve'], { eve: server.port });
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const { talk, result } = await talkDuring(bob, friends, async () => {
    const id = await bob.send('eve', 'are you there?');
    await until('three tries', () => server.wires.length >= 3);
    return id;
  });
  const last = bob.states(result).findLast((progress) => 'reason' in progress);
  expect(last).toMatchObject({ state: 'queued', held: false, reason: { code: 'not-proven' } });
  expect(last).toHaveProperty('nextTryWall');
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});
