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

test('who reads along gets the topics that it wants, and is told what it was too slow for', async () => {
  const written: string[] = [];
  const trace = new Trace('event', (line) => written.push(line));
  trace.line('event', 'before');
  const stop = new AbortController();
  const lines = trace.open({ signal: stop.signal })[Symbol.asyncIterator]();
  const envelopes = trace.open({ topics: ['envelope'] });
  for (let n = 1; n <= 1_200; n++) trace.line('link', `${n}`);
  trace.onEnvelope(new TextEncoder().encode('{"seq":1}'));
  for (let n = 1; n <= 1_000; n++) expect((await lines.next()).value).toBe(`link: ${n}`);
  expect((await lines.next()).value).toBe('trace: 200 lines were dropped');
  const next = lines.next();
  trace.line('commit', 'trust');
  expect((await next).value).toBe('commit: trust');
  stop.abort();
  trace.line('link', 'after');
  expect((await lines.next()).done).toBe(true);
  trace.close();
  const seen: string[] = [];
  for await (const line of envelopes) seen.push(line);
  expect(seen).toEqual(['envelope: {"seq":1}']);
  expect(written).toEqual(['trace event: before\n']);
  for await (const line of trace.open({})) throw new Error(line);
});

test('nothing is put together that nobody wants to see', () => {
  const trace = new Trace(undefined, (line) => {
    throw new Error(line);
  });
  const output = {
    get type(): never {
      throw new Error('it was looked at');
    },
  };
  trace.output(output as never);
  trace.onEnvelope(new Uint8Array([0xff]));
});
