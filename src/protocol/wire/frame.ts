import type { Bytes } from '../../base/index.ts';

/** spec/01 "Frames": the most that the u16 length can announce. */
export const FRAME_BODY_MAX = 65_535;
export const FRAME_HEADER_LENGTH = 2;

/** `u16 length || body` in one allocation. A body of 0 or more than 65,535 bytes is our own bug and throws. */
export function encodeFrame(body: Bytes): Bytes {
  if (body.length === 0 || body.length > FRAME_BODY_MAX) {
    throw new RangeError(`a frame cannot carry ${body.length} bytes`);
  }
  const frame = new Uint8Array(FRAME_HEADER_LENGTH + body.length);
  frame[0] = body.length >>> 8;
  frame[1] = body.length & 0xff;
  frame.set(body, FRAME_HEADER_LENGTH);
  return frame;
}
