import type { Bytes } from '../../base/index.ts';

/** spec/01 "Frames": the most that the u16 length can announce. */
export const FRAME_BODY_MAX = 65_535;
/** The u16 before each frame’s body. */
export const FRAME_HEADER_LENGTH = 2;

/** `u16 length || body` in one allocation. A body of 0 or more than 65,535 bytes is our own bug and throws. */
export function encodeFrame(body: Bytes): Bytes {
  const frame = allocateFrame(body.length);
  frame.set(body, FRAME_HEADER_LENGTH);
  return frame;
}

/** A frame whose body is still to be written, behind its header. Lengths as `encodeFrame`. */
export function allocateFrame(bodyLength: number): Bytes {
  if (bodyLength === 0 || bodyLength > FRAME_BODY_MAX) {
    throw new RangeError(`a frame cannot carry ${bodyLength} bytes`);
  }
  const frame = new Uint8Array(FRAME_HEADER_LENGTH + bodyLength);
  frame[0] = bodyLength >>> 8;
  frame[1] = bodyLength & 0xff;
  return frame;
}
