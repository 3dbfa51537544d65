import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex, type Bytes } from '../../base/index.ts';
import {
  checkPrefacePrefix,
  decodePreface,
  encodeFrame,
  encodePreface,
  FRAME_BODY_MAX,
  StreamReader,
  type PrefaceMode,
} from './index.ts';

interface Vectors {
  readonly prefaces: readonly {
    readonly name: string;
    readonly hex: string;
    readonly mode?: PrefaceMode;
    readonly failure?: string;
  }[];
  readonly frames: readonly {
    readonly name: string;
    readonly stream: string;
    readonly exactLength?: number;
    readonly frames: readonly string[];
    readonly failure?: string;
    readonly bytesLeft?: number;
  }[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../spec/vectors/01-wire.json'), 'utf8'),
) as Vectors;

/** What a reader makes of a stream that comes in these chunks. */
function readAll(chunks: readonly Bytes[], exactLength?: number) {
  const reader = new StreamReader();
  const frames: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (;;) {
      const result = reader.nextFrame(exactLength);
      if (result.type === 'failed') return { frames, failure: result.failure.code };
      if (result.type === 'incomplete') break;
      frames.push(encodeHex(result.body));
    }
  }
  return { frames, bytesLeft: reader.bufferedBytes };
}

function oneByOne(bytes: Bytes): readonly Bytes[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

function cutAt(bytes: Bytes, cuts: readonly number[]): readonly Bytes[] {
  const sorted = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.slice(sorted[index], end));
}

describe('preface', () => {
  test.each(vectors.prefaces)('$name (FRM-06, NET-20)', ({ hex, mode, failure }) => {
    const bytes = decodeHex(hex)!;
    const result = decodePreface(bytes);
    expect(result.ok ? result.value : result.failure.code).toBe(mode ?? failure);
    if (mode === undefined) return;
    expect(encodeHex(encodePreface(mode))).toBe(hex);
    expect(decodePreface(concatBytes(bytes, Uint8Array.of(0)))).toMatchObject({
      failure: { code: 'preface-bad' },
    });
    for (let length = 0; length <= 8; length++) {
      expect(checkPrefacePrefix(bytes.subarray(0, length)).ok).toBe(true);
    }
    expect(checkPrefacePrefix(concatBytes(bytes, Uint8Array.of(9, 9))).ok).toBe(true);
  });

  test('a wrong preface is refused at its first wrong byte, and not before (FRM-06)', () => {
    const codes = ['bad', 'bad', 'bad', 'bad', 'version', 'mode', 'flags', 'flags'];
    for (const [index, code] of codes.entries()) {
      const bytes = encodePreface('session');
      bytes[index]! ^= 0x80;
      expect(checkPrefacePrefix(bytes.subarray(0, index)).ok).toBe(true);
      expect(checkPrefacePrefix(bytes.subarray(0, index + 1))).toMatchObject({
        failure: { code: `preface-${code}` },
      });
    }
  });
});

describe('frames', () => {
  test.each(vectors.frames)('$name, whole, byte by byte and re-encoded (FRM-01, FRM-02)', (vector) => {
    const stream = decodeHex(vector.stream)!;
    const expected = {
      frames: vector.frames,
      ...(vector.failure === undefined ? { bytesLeft: vector.bytesLeft } : { failure: vector.failure }),
    };
    expect(readAll([stream], vector.exactLength)).toEqual(expected);
    expect(readAll(oneByOne(stream), vector.exactLength)).toEqual(expected);
    const again = concatBytes(...vector.frames.map((body) => encodeFrame(decodeHex(body)!)));
    expect(vector.stream.startsWith(encodeHex(again))).toBe(true);
    if (vector.bytesLeft !== 0) return;
    expect(readAll([stream, Uint8Array.of(0)], vector.exactLength)).toMatchObject({ bytesLeft: 1 });
    expect(readAll([concatBytes(stream, Uint8Array.of(0, 0))], vector.exactLength)).toMatchObject({
      frames: vector.frames,
      failure: 'frame-empty',
    });
  });

  test('the exact limits pass, and our own bodies beyond them are a bug (FRM-01)', () => {
    for (const length of [1, FRAME_BODY_MAX]) {
      const frame = encodeFrame(new Uint8Array(length).fill(7));
      expect(readAll([frame]).frames.map((body) => body.length / 2)).toEqual([length]);
    }
    expect(() => encodeFrame(new Uint8Array(0))).toThrow(RangeError);
    expect(() => encodeFrame(new Uint8Array(FRAME_BODY_MAX + 1))).toThrow(RangeError);
  });

  test('any chunking gives the same frames (FRM-03)', () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 700 });
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (bodies, cuts) => {
          const stream = concatBytes(...bodies.map(encodeFrame));
          const expected = { frames: bodies.map(encodeHex), bytesLeft: 0 };
          expect(readAll(cutAt(stream, cuts))).toEqual(expected);
        },
      ),
    );
  });

  test('a frame that is cut anywhere waits, and says that it was begun (FRM-02)', () => {
    const whole = encodeFrame(Uint8Array.of(1, 2, 3));
    for (let length = 0; length <= whole.length; length++) {
      const reader = new StreamReader();
      reader.push(whole.slice(0, length));
      expect(reader.isMidFrame).toBe(length > 0 && length < whole.length);
      expect(reader.nextFrame().type).toBe(length === whole.length ? 'frame' : 'incomplete');
    }
    const two = new StreamReader();
    two.push(concatBytes(whole, whole.subarray(0, 1)));
    expect(two.isMidFrame).toBe(true);
  });

  test('what follows a frame stays for the next reader of it, and a failure is final (FRM-05)', () => {
    const reader = new StreamReader();
    reader.push(Uint8Array.of(0, 1, 9, 0, 0, 0, 1, 8));
    expect(reader.nextFrame()).toEqual({ type: 'frame', body: Uint8Array.of(9) });
    expect(reader.nextFrame()).toMatchObject({ failure: { code: 'frame-empty' } });
    reader.push(Uint8Array.of(0, 1, 7));
    expect(reader.nextFrame()).toMatchObject({ failure: { code: 'frame-empty' } });
  });

  test('arbitrary bytes never throw, and end at the same place in any chunking', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(readAll(oneByOne(bytes))).toEqual(readAll([bytes]));
        decodePreface(bytes);
        checkPrefacePrefix(bytes);
      }),
    );
  });
});

describe('the reader’s memory', () => {
  test('a frame inside one chunk is a view of it, not a copy', () => {
    const chunk = Uint8Array.of(0, 2, 5, 6, 0, 1, 7);
    const reader = new StreamReader();
    reader.push(chunk);
    const first = reader.nextFrame();
    const second = reader.nextFrame();
    expect(first.type === 'frame' && first.body.buffer).toBe(chunk.buffer);
    expect(second.type === 'frame' && second.body.buffer).toBe(chunk.buffer);
  });

  test('the buffer grows with what arrived, not with what was announced (FRM-04)', () => {
    const reader = new StreamReader();
    for (const byte of [0xff, 0xff, 1, 2, 3]) reader.push(Uint8Array.of(byte));
    expect(reader.bufferedBytes).toBe(5);
    expect(reader.peek(FRAME_BODY_MAX).buffer.byteLength).toBeLessThanOrEqual(10);
  });

  test('64 KiB that come byte by byte are moved a few times, not once a byte (FRM-09)', () => {
    const frame = encodeFrame(new Uint8Array(FRAME_BODY_MAX).fill(3));
    const reader = new StreamReader();
    const buffers = new Set<ArrayBufferLike>();
    for (const byte of frame) {
      expect(reader.nextFrame().type).toBe('incomplete');
      reader.push(Uint8Array.of(byte));
      buffers.add(reader.peek(1).buffer);
    }
    expect(buffers.size).toBeLessThanOrEqual(18);
    expect(reader.nextFrame()).toMatchObject({ type: 'frame' });
    expect(reader.bufferedBytes).toBe(0);
  });

  test('a view that was handed out stays true while more bytes arrive', () => {
    const reader = new StreamReader();
    for (const byte of [0, 2, 5]) reader.push(Uint8Array.of(byte));
    reader.push(Uint8Array.of(6, 0, 3, 7));
    const first = reader.nextFrame();
    reader.push(Uint8Array.of(8, 9));
    reader.push(new Uint8Array(100).fill(1));
    expect(first).toEqual({ type: 'frame', body: Uint8Array.of(5, 6) });
    expect(reader.nextFrame()).toEqual({ type: 'frame', body: Uint8Array.of(7, 8, 9) });
  });

  test('the preface is taken raw, and only when it is whole', () => {
    const reader = new StreamReader();
    reader.push(encodePreface('enrol').subarray(0, 5));
    expect(reader.take(8)).toBeUndefined();
    expect(encodeHex(reader.peek(8))).toBe('534f545401');
    reader.push(Uint8Array.of(1, 0, 0, 0, 1, 42));
    expect(encodeHex(reader.take(8)!)).toBe('534f545401010000');
    expect(reader.nextFrame()).toEqual({ type: 'frame', body: Uint8Array.of(42) });
  });
});
