import { expect, test } from 'vitest';
import { World } from '../testing/index.ts';
import { Trace } from './trace.ts';

test('a message that comes again shows in the trace, and nowhere else (DLV-08)', () => {
  const lines: string[] = [];
  const { onRepeat } = new Trace('link', (line) => lines.push(line));
  const settingsOf = (name: string) => (name === 'bob' ? { onRepeat } : {});
  const world = new World({ seed: 1, isChunked: false, settingsOf });
  // The listener’s READY gets through, its first ack does not: the text comes once more, early on the next connection.
  let pipes = 0;
  world.onPipe = (pipe) => {
    if (pipes++ === 0) pipe.cutAfterBytesFrom[1] = 1_202 + 83 + 530 + 100;
  };
  world.start(['alice', 'bob']);
  const id = world.node('alice').send('bob', 'hello');
  world.run(20_000);
  expect(world.node('bob').received).toEqual([{ from: 'alice', text: 'hello' }]);
  expect(lines).toEqual([`trace link: 2 message 1 again: ${id}, text of 5 bytes\n`]);
});
