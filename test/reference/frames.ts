import { type Bytes, concat, equal, readInteger, u16, unhex, utf8 } from './bytes.ts';
import { demand } from './refused.ts';

/** spec/01 "The preface". */
export const ENROL_PREFACE: Bytes = unhex('534f545401010000');
export const SESSION_PREFACE: Bytes = unhex('534f545401020000');

/** The mode; bytes that are too few are judged as far as they go. */
export function readPreface(bytes: Bytes): 'enrol' | 'session' | 'incomplete' {
  demand(equal(bytes.slice(0, 4), utf8('SOTT').slice(0, bytes.length)), 'preface-bad');
  const [version, mode, ...flags] = bytes.slice(4, 8);
  demand(version === undefined || version === 1, 'preface-version');
  demand(mode === undefined || mode === 1 || mode === 2, 'preface-mode');
  demand(
    flags.every((byte) => byte === 0),
    'preface-flags',
  );
  return bytes.length < 8 ? 'incomplete' : mode === 1 ? 'enrol' : 'session';
}

export const frame = (body: Bytes): Bytes => concat(u16(body.length), body);

/**
 * Gives each whole body; the number of bytes that are left is returned. `lengths`: the exact length of each frame of a
 * handshake; frames after those may have any.
 */
export function readFrames(stream: Bytes, lengths: readonly number[], take: (body: Bytes) => void): number {
  let rest = stream;
  for (let count = 0; rest.length >= 2; count += 1) {
    const length = Number(readInteger(rest.slice(0, 2)));
    demand(length > 0, 'frame-empty');
    const expected = lengths[count];
    demand(expected === undefined || length === expected, 'frame-length');
    if (rest.length < 2 + length) break;
    take(rest.slice(2, 2 + length));
    rest = rest.slice(2 + length);
  }
  return rest.length;
}
