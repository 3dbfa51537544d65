import { afterAll, beforeAll, expect, test } from 'vitest';
import { concatBytes, encodeUtf8, Writer } from '../../src/base/index.ts';
import { encodeItem } from '../../src/protocol/session/index.ts';
import { encodeFrame, encodePreface } from '../../src/protocol/wire/index.ts';
import { HostilePeer, type HostileSession } from './hostile-peer.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { openTown, type Person, type Town } from './town.ts';
import { until } from './until.ts';
import { dialRaw, type WireSocket } from './wire-socket.ts';

// Broken frames, records and items over TCP, while Alice and Carol go on talking to Bob.

let town: Town;
let bob: Person;
let friends: readonly Person[];

beforeAll(async () => {
  town = await openTown(['bob', 'alice', 'carol', 'mallory', 'trudy', 'oscar', 'peggy', 'victor', 'walter']);
  bob = await town.open('bob');
  friends = [await town.open('alice'), await town.open('carol')];
});
afterAll(async () => town[Symbol.asyncDispose]());

/** Runs an attack, and fails unless the honest were served promptly all the while. */
async function attack<Value>(run: () => Promise<Value>): Promise<Value> {
  const { talk, result } = await talkDuring(bob, friends, run);
  expect(talk.messages).toBeGreaterThanOrEqual(8);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
  return result;
}

/** Far below the deadline of 3 s, less what the machine took: refused because of the bytes, not because of the time. */
async function refusedAtOnce(wire: WireSocket, what?: string): Promise<void> {
  await wire.ended();
  expect(wire.idleMs, what).toBeLessThan(2_000);
}

const MODES = { enrol: 1_216, session: 1_248 } as const;

async function proven(peer: HostilePeer): Promise<HostileSession> {
  const session = await peer.dialEnrol(town.port('bob'), 'bob');
  await session.exchangeReady();
  return session;
}

test('a first frame of any but its exact length is refused at its header, before the body arrives (FRM-01)', async () => {
  await attack(async () => {
    for (const [mode, exact] of Object.entries(MODES)) {
      const preface = encodePreface(mode as 'enrol' | 'session');
      for (const length of [0, 1, exact - 1, exact + 1, 0x7fff, 0x8000, 0xffff]) {
        using wire = await dialRaw(town.port('bob'));
        wire.write(preface, new Writer().u16(length).finish());
        await refusedAtOnce(wire, `${mode} ${length}`);
        expect(wire.heard, `${mode} ${length}`).toHaveLength(0);
      }
    }
  });
});

test('an unknown version, mode or flag, or another magic, is closed without an answer (FRM-06)', async () => {
  const good = encodePreface('enrol');
  const prefaces = [
    ...[0, 2, 0x7f, 0xff].map((version) => good.with(4, version)),
    ...[0, 3, 0xff].map((mode) => good.with(5, mode)),
    good.with(6, 0x80),
    good.with(7, 1),
    ...[0, 1, 2, 3].map((index) => good.with(index, 0x20)),
  ];
  await attack(async () => {
    for (const preface of prefaces) {
      using wire = await dialRaw(town.port('bob'));
      wire.write(preface);
      await refusedAtOnce(wire, String(preface));
      expect(wire.heard).toHaveLength(0);
    }
  });
});

test('a record before the handshake, and a second preface, are refused (FRM-07)', async () => {
  await attack(async () => {
    using early = await dialRaw(town.port('bob'));
    early.write(encodePreface('session'), encodeFrame(new Uint8Array(528)));
    await refusedAtOnce(early);
    using twice = await dialRaw(town.port('bob'));
    twice.write(encodePreface('session'), encodePreface('session'));
    await refusedAtOnce(twice);
    expect(concatBytes(early.heard, twice.heard)).toHaveLength(0);
  });
});

test('a stream that ends inside the preface or the first frame leaves nothing behind (FRM-02)', async () => {
  const whole = concatBytes(encodePreface('enrol'), encodeFrame(new Uint8Array(1_216)));
  await attack(async () => {
    for (const length of [0, 1, 7, 8, 9, 10, 11, 700, whole.length - 1]) {
      using wire = await dialRaw(town.port('bob'));
      wire.write(whole.subarray(0, length));
      wire.socket.end();
      await refusedAtOnce(wire, String(length));
      expect(wire.heard).toHaveLength(0);
    }
  });
});

test('a whole first contact byte by byte works like any other (FRM-03)', async () => {
  await attack(async () => {
    const mallory = new HostilePeer('mallory');
    const session = await mallory.dialEnrol(town.port('bob'), 'bob', undefined, true);
    await session.exchangeReady();
    const text = session.message('one byte at a time');
    session.send(text);
    await session.acked(text.seq);
    session.wire.socket.destroy();
  });
  expect(bob.texts('mallory')).toEqual(['one byte at a time']);
});

test('frames that break a proven session end it, with protocol-error where the record was authentic (FRM-01, FRM-05, FRM-06, FRM-07)', async () => {
  const trudy = new HostilePeer('trudy');
  const breaks: Readonly<Record<string, (session: HostileSession) => void>> = {
    'an unknown item type': (session) =>
      session.sendPlaintext(concatBytes(encodeItem(session.message('x')), Uint8Array.of(0x7f, 0, 0))),
    'a reserved item type': (session) => session.sendPlaintext(Uint8Array.of(0x22, 0, 1, 9)),
    'an item longer than its record': (session) => session.sendPlaintext(Uint8Array.of(0x10, 0xff, 0xff, 1)),
    'bytes after the items': (session) =>
      session.sendPlaintext(concatBytes(encodeItem(session.message('x')), Uint8Array.of(0, 0, 0, 1))),
    'a record of padding alone': (session) => session.sendPlaintext(new Uint8Array(0)),
    'a second READY': (session) => session.send(session.message('x'), trudy.ready()),
    'a PING of 7 bytes': (session) => session.sendPlaintext(Uint8Array.of(0x30, 0, 7, 1, 2, 3, 4, 5, 6, 7)),
    'an ACK with an unknown status': (session) =>
      session.sendPlaintext(new Writer().u8(0x11).u16(17).u64(0).u64(1).u8(9).finish()),
    'a message with the number 0': (session) =>
      session.sendPlaintext(new Writer().u8(0x10).u16(10).u64(0).bytes(encodeUtf8('{}')).finish()),
    'a message after CLOSE': (session) =>
      session.send({ type: 'close', close: { code: 'done', lastSeq: 0 } }, session.message('x')),
  };
  await attack(async () => {
    (await proven(trudy)).wire.socket.destroy();
    for (const [what, breakIt] of Object.entries(breaks)) {
      const session = await trudy.dialSession(town.port('bob'), 'bob');
      await session.exchangeReady();
      breakIt(session);
      expect((await session.item('close')).close.code, what).toBe('protocol-error');
      await refusedAtOnce(session.wire, what);
      trudy.nextSeq = 1 + bob.texts('trudy').length;
    }
  });
  // A second READY alone follows a good message in its record: items act in order, a record's structure acts as a whole.
  expect(bob.texts('trudy').filter((text) => text === 'x').length).toBeLessThanOrEqual(1);
});

test('a frame of no bytes, a flipped bit, a repeated record and a reflected one end a proven session silently (FRM-01, FRM-05, CRY-05, CRY-16)', async () => {
  const oscar = new HostilePeer('oscar');
  const breaks: Readonly<Record<string, (session: HostileSession) => void>> = {
    'a frame of no bytes': (session) => session.wire.write(Uint8Array.of(0, 0)),
    'a frame of one byte': (session) => session.wire.writeFrames(Uint8Array.of(7)),
    'a frame of the greatest length': (session) => session.wire.writeFrames(new Uint8Array(65_535)),
    'a flipped bit': (session) => {
      const body = session.seal(encodeItem(session.message('flipped')));
      session.wire.writeFrames(body.with(100, (body[100] ?? 0) ^ 1));
    },
    'a record twice': (session) => {
      const body = session.seal(encodeItem({ type: 'ping', value: new Uint8Array(8) }));
      session.wire.writeFrames(body, body);
    },
    'a record left out': (session) => {
      session.seal(encodeItem(session.message('left out')));
      session.send(session.message('after it'));
    },
    'its own bytes back': (session) => session.wire.write(session.wire.heard.slice(-530)),
  };
  await attack(async () => {
    (await proven(oscar)).wire.socket.destroy();
    for (const [what, breakIt] of Object.entries(breaks)) {
      const session = await oscar.dialSession(town.port('bob'), 'bob');
      await session.exchangeReady();
      breakIt(session);
      await refusedAtOnce(session.wire, what);
    }
  });
  expect(bob.texts('oscar')).toEqual([]);
});

test('data before READY is never shown, whoever proved themselves (FRM-07)', async () => {
  const peggy = new HostilePeer('peggy');
  await attack(async () => {
    for (const act of ['message', 'ack', 'ping', 'close'] as const) {
      const session = await peggy.dialEnrol(town.port('bob'), 'bob');
      const items = {
        message: session.message('before READY', { seq: 1 }),
        ack: { type: 'ack', ack: { cumulative: 0, exceptions: [] } },
        ping: { type: 'ping', value: new Uint8Array(8) },
        close: { type: 'close', close: { code: 'done', lastSeq: 0 } },
      } as const;
      session.send(items[act], peggy.ready());
      await refusedAtOnce(session.wire, act);
    }
  });
  expect(bob.texts('peggy')).toEqual([]);
});

test('an ack of what was never sent settles nothing, and the session lives (FRM-07, DLV-12)', async () => {
  const victor = new HostilePeer('victor');
  await attack(async () => {
    const session = await proven(victor);
    session.send({ type: 'ack', ack: { cumulative: 1, exceptions: [] } });
    session.send({ type: 'ack', ack: { cumulative: Number.MAX_SAFE_INTEGER, exceptions: [] } });
    const id = await bob.send('victor', 'a real one');
    const { seq } = await session.item('message');
    session.send({ type: 'ack', ack: { cumulative: seq + 1, exceptions: [] } });
    session.send({ type: 'ping', value: new Uint8Array(8) });
    await session.item('pong');
    expect(bob.states(id).at(-1)?.state).toBe('sent');
    session.send({ type: 'ack', ack: { cumulative: seq, exceptions: [] } });
    await bob.delivered(id);
    session.wire.socket.destroy();
  });
});

test('an over-long text and an unknown type of a proven peer are refused by an ack, and the session lives (FRM-08)', async () => {
  const walter = new HostilePeer('walter');
  await attack(async () => {
    const session = await proven(walter);
    const long = session.message('x'.repeat(32 * 1024 + 1));
    const longest = session.message('x'.repeat(40 * 1024));
    const empty = session.message('');
    const strange = session.message('{"x":1}', { type: 'hologram' });
    const exact = session.message('y'.repeat(32 * 1024));
    const items = [long, longest, empty, strange, exact];
    for (const item of items) session.send(item);
    const exceptions: unknown[] = [];
    await until('the acks', async () => {
      const { ack } = await session.item('ack');
      exceptions.push(...ack.exceptions);
      return ack.cumulative === exact.seq;
    });
    expect(exceptions).toEqual([
      { seq: long.seq, status: 'refused' },
      { seq: longest.seq, status: 'refused' },
      { seq: empty.seq, status: 'refused' },
      { seq: strange.seq, status: 'unsupported' },
    ]);
    expect(session.wire.isEnded).toBe(false);
    session.wire.socket.destroy();
  });
  expect(bob.texts('walter')).toEqual(['y'.repeat(32 * 1024)]);
});
