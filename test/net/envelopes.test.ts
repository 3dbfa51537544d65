import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/base/index.ts';
import { HostilePeer, type Forgery } from './hostile-peer.ts';
import { talkDuring, PROMPT_MS } from './talk.ts';
import { openTown, type Person, type Town } from './town.ts';
import { listenRaw } from './wire-socket.ts';

// Broken envelopes inside good records of a proven peer, over TCP (spec/04): the session ends with bad-envelope, nothing
// of it is shown, what was good before is acked, and the peer can come back.

const flipLast = (text: string): string => `${text.slice(0, -2)}${text.at(-2) === 'A' ? 'B' : 'A'}=`;

const FORGERIES: Readonly<Record<string, Forgery>> = {
  'a wrong CRC and the right HMAC (JSN-09)': { crc: (crc) => (crc + 1) % 2 ** 32 },
  'the right CRC and a wrong HMAC (JSN-09)': { hmac: () => Buffer.alloc(32, 7).toString('base64') },
  'a wrong CRC and a wrong HMAC (JSN-09)': {
    crc: (crc) => (crc + 1) % 2 ** 32,
    hmac: () => Buffer.alloc(32).toString('base64'),
  },
  'an HMAC that is too short (JSN-09)': { hmac: () => Buffer.alloc(16).toString('base64') },
  'the CRC as a string (JSN-09)': { text: (text) => text.replace(/"crc":(\d+)/, '"crc":"$1"') },
  'an unknown enc_type with the right HMAC (JSN-12)': { encType: 'AES-256-GCM' },
  'another enc_type than the HMAC was made for (JSN-12)': {
    text: (text) => text.replace('AES-256-CTR', 'AES-128-CTR'),
  },
  'another hmac_type than the HMAC was made for (JSN-12)': {
    text: (text) => text.replace('HMAC-SHA256', 'HMAC-SHA384'),
  },
  'enc_type none (JSN-12)': { encType: 'none' },
  'an unknown hmac_type with the right HMAC (JSN-12)': { hmacType: 'HMAC-SHA512' },
  'hmac_type none (JSN-12)': { hmacType: 'none' },
  'no security (JSN-12)': { text: (text) => text.replace(/,"security".*$/, '}') },
  'security null (JSN-12)': { text: (text) => text.replace(/"security":.*$/, '"security":null}') },
  'whitespace (JSN-10)': { text: (text) => text.replace(',"message"', ', "message"') },
  'another order of keys (JSN-10)': {
    text: (text) => text.replace(/("crc":\d+),("timestamp":\d+)/, '$2,$1'),
  },
  'an escaped letter (JSN-10)': { text: (text) => text.replace('"text"', String.raw`"te\u0078t"`) },
  'a second spelling of a number (JSN-05)': {
    text: (text) => text.replace(/"timestamp":(\d+)/, '"timestamp":$1.0'),
  },
  'a number beyond 2^53 (JSN-05)': {
    text: (text) => text.replace(/"timestamp":\d+/, '"timestamp":9007199254740993'),
  },
  'a negative time (JSN-05, CLK-02)': { text: (text) => text.replace(/"timestamp":\d+/, '"timestamp":-1') },
  'a key twice (JSN-04)': { text: (text) => text.replace('"message":', '"message":"","message":') },
  'a foreign key __proto__ (JSN-03)': {
    text: (text) => text.replace('{"header"', '{"__proto__":{"x":1},"header"'),
  },
  'deep nesting (JSN-01)': { text: () => `${'['.repeat(20_000)}${']'.repeat(20_000)}` },
  'no JSON at all': { text: () => 'hello' },
  'an empty envelope': { text: () => '' },
  'base64 of the url alphabet (JSN-08)': { base64: (text) => `-_${text.slice(2)}` },
  'base64 with a space (JSN-08)': { base64: (text) => ` ${text.slice(1)}` },
  'base64 without its padding (JSN-08)': {
    plaintext: encodeUtf8('ab'),
    base64: (text) => text.replaceAll('=', ''),
  },
  'base64 with a non-canonical tail (JSN-08)': {
    plaintext: encodeUtf8('ab'),
    base64: (text) => `${text.slice(0, 2)}B=`,
  },
  'a non-canonical tail in the HMAC (JSN-08)': { hmac: flipLast },
  'invalid UTF-8 in the envelope (JSN-06)': {
    bytes: (bytes) => bytes.map((byte, i) => (i === bytes.length - 20 ? 0xff : byte)),
  },
  'a byte order mark (JSN-06)': { text: (text) => `\u{feff}${text}` },
  'invalid UTF-8 in the plaintext (JSN-06)': { plaintext: Uint8Array.of(0x68, 0xc3, 0x28) },
  'an overlong form in the plaintext (JSN-06)': { plaintext: Uint8Array.of(0xc0, 0xaf) },
  'a surrogate in the plaintext (JSN-07)': { plaintext: Uint8Array.of(0xed, 0xa0, 0x80) },
  'a seq that is not its item’s': { headerSeq: 4_000 },
  'an id that is no UUID': { id: '../../etc/passwd' },
};

describe('a broken envelope of a proven peer', () => {
  const mallory = new HostilePeer('mallory');
  let town: Town;
  let bob: Person;
  let friends: readonly Person[];

  beforeAll(async () => {
    town = await openTown(['bob', 'alice', 'carol', 'mallory']);
    bob = await town.open('bob');
    friends = [await town.open('alice'), await town.open('carol')];
    const first = await mallory.dialEnrol(town.port('bob'), 'bob');
    await first.exchangeReady();
    first.wire.socket.destroy();
  });
  afterAll(async () => town[Symbol.asyncDispose]());

  test('ends the session with bad-envelope, what was good is acked, the others talk on', async () => {
    let count = 0;
    const { talk } = await talkDuring(bob, friends, async () => {
      for (const [what, forgery] of Object.entries(FORGERIES)) {
        const shown = bob.texts('mallory').length;
        const session = await mallory.dialSession(town.port('bob'), 'bob');
        const { stored } = await session.exchangeReady();
        expect(stored, what).toBe(mallory.nextSeq - 1);
        const good = session.message(`good before: ${what}`);
        const bad = session.message('bad', { ...forgery, seq: mallory.nextSeq });
        const late = session.message('too late', { seq: mallory.nextSeq + 1 });
        session.send(good, bad, late);
        expect((await session.acked(good.seq)).ack, what).toEqual({ cumulative: good.seq, exceptions: [] });
        expect((await session.item('close')).close.code, what).toBe('bad-envelope');
        await session.wire.ended();
        expect(bob.texts('mallory').slice(shown), what).toEqual([`good before: ${what}`]);
        count++;
      }
    });
    expect(count).toBe(Object.keys(FORGERIES).length);
    expect(talk.messages).toBeGreaterThanOrEqual(8);
    expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
  });
  test('beside a PING: what was good is acked and the reason said all the same, in the order in which they were sealed', async () => {
    const session = await mallory.dialSession(town.port('bob'), 'bob');
    await session.exchangeReady();
    const good = session.message('good beside a PING');
    const bad = session.message('bad', { crc: (crc) => (crc + 1) % 2 ** 32, seq: mallory.nextSeq });
    session.send({ type: 'ping', value: new Uint8Array(8) }, good, bad);
    expect((await session.acked(good.seq)).ack).toEqual({ cumulative: good.seq, exceptions: [] });
    expect((await session.item('close')).close.code).toBe('bad-envelope');
    await session.wire.ended();
  });
  test('keeps nobody out: the same peer’s next session works', async () => {
    const session = await mallory.dialSession(town.port('bob'), 'bob');
    await session.exchangeReady();
    const back = session.message('I am back');
    session.send(back);
    await session.acked(back.seq);
    expect(bob.texts('mallory').at(-1)).toBe('I am back');
  });
});

test('a receiver that answers bad-envelope three times fails the message, and the queue goes on behind a void', async () => {
  const mallory = new HostilePeer('mallory');
  const seen: string[] = [];
  await using server = await listenRaw(async (wire, index) => {
    const session = await mallory.answer(wire, 'bob');
    await session.exchangeReady();
    if (index < 3) {
      await session.item('message');
      session.send({ type: 'close', close: { code: 'bad-envelope', lastSeq: 0 } });
      return;
    }
    const first = await session.item('message');
    const second = await session.item('message');
    for (const item of [first, second]) seen.push(new TextDecoder().decode(item.envelope));
    session.send({ type: 'ack', ack: { cumulative: 2, exceptions: [] } });
  });
  await using town = await openTown(['bob', 'mallory'], { mallory: server.port });
  const bob = await town.open('bob');
  const bad = await bob.send('mallory', 'the one that is called bad');
  const next = await bob.send('mallory', 'the next one');
  await bob.delivered(next);
  expect(bob.states(bad).at(-1)).toMatchObject({ state: 'failed', reason: { code: 'bad-envelope' } });
  expect(seen[0]).toContain('"seq":1,"type":"void"');
  expect(seen[0]).toContain(`"id":"${bad}"`);
  expect(seen[1]).toContain('"seq":2,"type":"text"');
  expect(await bob.chat.outbox()).toEqual({ messages: [], total: 0 });
});
