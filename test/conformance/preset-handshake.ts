import { success } from '../../src/base/index.ts';
import type { Established, HandshakeMachine } from '../../src/protocol/index.ts';

/** A handshake whose outcome a vector gives: one frame of one byte proves the peer. */
export function presetHandshake(established: Established): HandshakeMachine {
  let isDone = false;
  return {
    get expectedLength() {
      return isDone ? undefined : 1;
    },
    get step() {
      return isDone ? 'done' : 'noise';
    },
    start: () => success({ send: [] }),
    receive: () => {
      isDone = true;
      return success({ send: [], established });
    },
    wipe: () => undefined,
  };
}

export const PRESET_FRAME: Uint8Array = Uint8Array.of(0, 1, 0);
