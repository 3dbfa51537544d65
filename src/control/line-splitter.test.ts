import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../base/index.ts';
import { LineSplitter } from './line-splitter.ts';

test('however a stream is cut into chunks, its lines are the same (CTL-03)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 20 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (texts, sizes) => {
        const lines = texts.map((text) => text.replaceAll('\n', ''));
        const stream = encodeUtf8(lines.map((line) => `${line}\n`).join(''));
        const splitter = new LineSplitter(1_000);
        const heard: (string | undefined)[] = [];
        for (let from = 0; from < stream.length;) {
          const size = sizes.next().value ?? 1;
          for (const line of splitter.take(stream.slice(from, from + size)))
            heard.push(line && decodeUtf8(line));
          from += size;
        }
        expect(heard).toEqual(lines.map((line) => (line.isWellFormed() ? line : line.toWellFormed())));
      },
    ),
  );
});

test('a line that comes byte by byte takes no more than one that comes at once; one that is too long, nothing (CTL-03)', () => {
  const splitter = new LineSplitter(100_000);
  const byte = Uint8Array.of(0x78);
  let ended = 0;
  for (let n = 0; n < 100_000; n++) ended += [...splitter.take(byte)].length;
  expect(ended).toBe(0);
  expect(splitter.held).toBe(100_000);
  expect([...splitter.take(byte)]).toEqual([undefined]);
  expect(splitter.held).toBe(0);
});
