import { expect, test } from 'vitest';
import { concatBytes } from '../../src/base/index.ts';
import type { PipeEnd } from '../../src/testing/pipe.ts';
import { friends, pass, texts, undelivered } from './friends.ts';

/** What this end receives next has a frame behind it that is no record, and the disk fails while it is handled. */
function spoilNext(end: PipeEnd, during: (receive: () => void) => void): void {
  const receive = end.receive.bind(end);
  end.receive = (bytes) => {
    end.receive = receive;
    during(() => receive(concatBytes(bytes, Uint8Array.of(0, 32), new Uint8Array(32))));
  };
}

test('a connection that ends in a turn that could not read the disk is let go, and a disk that refuses is asked once a second (STO-03)', () => {
  const { world, alice, bob } = friends({ seed: 21, isChunked: false });
  alice.send('bob', 'one');
  pass(world, 2_000);
  // Ids of a clock that went back may have come before: after a restart only the disk knows.
  alice.wallOffset = -10_000;
  alice.restart();
  bob.restart();
  alice.send('bob', 'two');
  pass(world, 2_000);
  const [end] = bob.ends.values();
  let [turns, asked] = [0, 0];
  const handle = bob.engine.handle.bind(bob.engine);
  bob.engine.handle = (input, now) => {
    turns++;
    return handle(input, now);
  };
  spoilNext(end!, (receive) => {
    bob.disk.store.refusal = 'before';
    bob.disk.isBadSector = (method) => method === 'seqOfIncoming' && ++asked > 0;
    receive();
    bob.disk.isBadSector = () => false;
  });
  alice.send('bob', 'three');
  pass(world, 10_000);
  expect(asked).toBe(1);
  expect(turns, 'it does not spin').toBeLessThan(100);
  expect([bob.ends.size, bob.engine.openLinks]).toEqual([0, 0]);
  bob.disk.store.refusal = 'none';
  pass(world, 300_000);
  expect(texts(bob)).toEqual(['one', 'two', 'three']);
  expect([undelivered(alice), bob.ends.size, bob.engine.openLinks]).toEqual([0, 0, 0]);
});

test('what a program dialled before it died does not come up in its next one', () => {
  const { world, alice, bob } = friends({ seed: 22, latencyMs: [50, 60] });
  alice.send('bob', 'one');
  alice.restart();
  let pipes = 0;
  world.onPipe = () => void pipes++;
  pass(world, 30_000);
  expect([pipes, texts(bob)]).toEqual([1, ['one']]);
});
