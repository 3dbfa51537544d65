import { describe, expect, test } from 'vitest';
import { concatBytes, type Bytes } from '../../src/base/index.ts';
import { encodeFrame, encodePreface } from '../../src/protocol/wire/index.ts';
import { HostilePeer } from './hostile-peer.ts';
import { starvedMs } from './starved.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { openTown, type Person, type Town } from './town.ts';
import { dialRaw, type WireSocket } from './wire-socket.ts';

// Deadlines in real time. Each case has a town of its own and they run at once, so that together they last as long as
// the longest of them.

/** A deadline holds when it is not early, and late only as far as the machine keeps us from working, and a little. */
const LATE_MS = 4_000;

interface Scene {
  readonly town: Town;
  readonly bob: Person;
  /** Runs an attack on Bob; fails unless his friends were served promptly all the while. */
  readonly attack: <Value>(run: () => Promise<Value>) => Promise<Value>;
}

async function scene(name: string, play: (scene: Scene) => Promise<void>): Promise<void> {
  await using town = await openTown(['bob', 'alice', 'carol', 'dave', 'mallory']);
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  await play({
    town,
    bob,
    attack: async (run) => {
      const { talk, result } = await talkDuring(bob, friends, run);
      expect(talk.messages, name).toBeGreaterThanOrEqual(8);
      expect(talk.slowestMs, name).toBeLessThan(PROMPT_MS);
      return result;
    },
  });
}

function expectDeadline(livedMs: number, deadlineMs: number, starved: number): void {
  // A timer may fire, and the kernel accept, a moment before the clock that is read here says so.
  expect(livedMs).toBeGreaterThan(deadlineMs - 150);
  expect(livedMs - starved).toBeLessThan(deadlineMs + LATE_MS);
}

async function expectCut(wire: WireSocket, deadlineMs: number): Promise<void> {
  expectDeadline(await wire.ended(60_000), deadlineMs, wire.starvedMs);
}

/** One byte every 300 ms until the other side has had enough. */
function drip(wire: WireSocket, bytes: Bytes, everyMs = 300): void {
  let index = 0;
  const timer = setInterval(() => {
    if (wire.isEnded || index >= bytes.length) return clearInterval(timer);
    wire.write(bytes.subarray(index, ++index));
  }, everyMs);
}

const ENROL_OPENING = concatBytes(encodePreface('enrol'), encodeFrame(new Uint8Array(1_216).fill(9)));

describe.concurrent('silence and dripping bytes', () => {
  test('48 connections that say nothing are all closed at 3 s, without an answer (NET-01)', async () => {
    await scene('NET-01', async ({ town, attack }) => {
      const wires = await attack(async () => {
        const silent = await Promise.all(Array.from({ length: 48 }, async () => dialRaw(town.port('bob'))));
        for (const wire of silent) await expectCut(wire, 3_000);
        return silent;
      });
      expect(concatBytes(...wires.map((wire) => wire.heard))).toHaveLength(0);
    });
  });

  test('of 300 connections that say nothing at most 48 stay, and a stranger to all of them still gets through (NET-01, NET-05)', async () => {
    await scene('NET-01 flood', async ({ town, bob, attack }) => {
      await attack(async () => {
        const dave = await town.open('dave');
        const opening = Array.from({ length: 300 }, async () => dialRaw(town.port('bob')));
        const first = dave.sendDelivered('bob', 'through the crowd');
        const silent = await Promise.all(opening);
        await first;
        let stayed = 0;
        for (const wire of silent) {
          const livedMs = await wire.ended(60_000);
          expect(livedMs - wire.starvedMs).toBeLessThan(3_000 + LATE_MS);
          // However long it takes to let all of them in: one that gives up its place does so before there is nothing else to do.
          if (wire.idleMs > 1_000) stayed++;
        }
        expect(stayed).toBeLessThanOrEqual(48);
        expect(concatBytes(...silent.map((wire) => wire.heard))).toHaveLength(0);
      });
      expect(bob.texts('dave')).toEqual(['through the crowd']);
    });
  });

  test('one byte per 300 ms is cut at 3 s: bytes extend nothing (NET-02)', async () => {
    await scene('NET-02', async ({ town, attack }) => {
      await attack(async () => {
        const slow = await Promise.all(Array.from({ length: 8 }, async () => dialRaw(town.port('bob'))));
        for (const wire of slow) drip(wire, ENROL_OPENING);
        for (const wire of slow) await expectCut(wire, 3_000);
      });
    });
  });

  test('a preface and nothing more is cut at 3 s as well (NET-01)', async () => {
    await scene('preface', async ({ town, attack }) => {
      await attack(async () => {
        using wire = await dialRaw(town.port('bob'));
        wire.write(encodePreface('session'));
        await expectCut(wire, 3_000);
        expect(wire.heard).toHaveLength(0);
      });
    });
  });

  test('a handshake that drips after message 1 is cut at 10 s, one that stops at its PAKE after 5 s more (NET-01, NET-02)', async () => {
    await scene('handshake', async ({ town, attack }) => {
      await attack(async () => {
        const mallory = new HostilePeer('mallory');
        const afterMessage1 = await mallory.beginEnrol(town.port('bob'), 'bob', 'message 1');
        drip(afterMessage1, encodeFrame(new Uint8Array(64)));
        const afterPake1 = await mallory.beginEnrol(town.port('bob'), 'bob', 'PAKE1');
        await expectCut(afterPake1, 5_000);
        await expectCut(afterMessage1, 10_000);
      });
    });
  });

  test('a proven peer that drips inside a frame is cut at 30 s; the others never notice (NET-03)', async () => {
    await scene('NET-03', async ({ town, bob, attack }) => {
      await attack(async () => {
        const mallory = new HostilePeer('mallory');
        const session = await mallory.dialEnrol(town.port('bob'), 'bob');
        await session.exchangeReady();
        const [startedAt, starvedBefore] = [performance.now(), starvedMs()];
        drip(session.wire, encodeFrame(new Uint8Array(2_000)), 500);
        await session.wire.ended(90_000);
        // The first byte leaves after one interval.
        expectDeadline(performance.now() - startedAt, 30_500, starvedMs() - starvedBefore);
      });
      expect(bob.texts('mallory')).toEqual([]);
    });
  });
});
