import { expect, test } from 'vitest';
import type { Bytes } from '../../src/base/index.ts';
import { nativePrimitives, systemEntropy } from '../../src/primitives/index.ts';
import { Connection, type ConnectionOutput } from '../../src/protocol/session/index.ts';
import { encodeFrame } from '../../src/protocol/wire/index.ts';
import { enrolPair, READY } from '../../src/testing/index.ts';

// The frame deadline of a proven peer, on virtual time (NET-03).

const at = (ms: number) => ({ monotonic: ms, wall: ms });

/** Both ends of a connection whose READYs are exchanged at time 0; returns the listener's. */
function openListener(): Connection {
  const pair = enrolPair({ alice: systemEntropy, bob: systemEntropy });
  const base = { primitives: nativePrimitives, entropy: systemEntropy, lingerMs: 60_000, now: at(0) };
  const dialler = new Connection({
    ...base,
    role: { role: 'initiator', mode: 'enrol', handshake: pair.initiator },
  });
  const listener = new Connection({
    ...base,
    role: { role: 'responder', handshakeFor: () => pair.responder },
  });
  const queue: { readonly to: Connection; readonly bytes: Bytes }[] = [];
  const perform = (from: Connection, outputs: readonly ConnectionOutput[]): void => {
    const to = from === dialler ? listener : dialler;
    for (const output of outputs) {
      if (output.type === 'write') queue.push({ to, bytes: output.bytes });
      const isAsked = output.type === (from === dialler ? 'established' : 'peer-ready');
      if (isAsked) perform(from, from.handle({ type: 'ready', ready: READY }, at(0)));
    }
  };
  perform(dialler, dialler.handle({ type: 'opened' }, at(0)));
  for (let next = queue.shift(); next; next = queue.shift())
    perform(next.to, next.to.handle({ type: 'bytes', bytes: next.bytes }, at(0)));
  expect([dialler.phase, listener.phase]).toEqual(['open', 'open']);
  return listener;
}

test('a frame that drips is cut 30 s after its first byte, however the bytes are spread (NET-03)', () => {
  for (const everyMs of [1, 300, 1_000, 29_999]) {
    const listener = openListener();
    const frame = encodeFrame(new Uint8Array(60_000));
    let index = 0;
    for (let now = 1_000; now < 31_000; now += everyMs) {
      expect(listener.handle({ type: 'bytes', bytes: frame.slice(index, ++index) }, at(now))).toEqual([]);
      expect(listener.deadline()).toBe(31_000);
      expect(listener.handle({ type: 'tick' }, at(now))).toEqual([]);
    }
    expect(listener.handle({ type: 'tick' }, at(31_000))).toMatchObject([
      { type: 'closed', failure: { code: 'frame-timeout' } },
    ]);
  }
});

test('between frames there is no frame deadline: only the listener’s 120 s of silence end a proven session (NET-03)', () => {
  const listener = openListener();
  expect(listener.deadline()).toBe(120_000);
});
