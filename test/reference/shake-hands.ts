import type { Bytes } from './bytes.ts';
import type { Handshake, Proven, Step } from './enrol.ts';

export interface Shaken {
  /** The frame bodies in the order in which they were sent. */
  readonly frames: readonly Bytes[];
  readonly initiator: Proven;
  readonly responder: Proven;
}

/** Runs two honest sides against each other. */
export function shakeHands(initiator: Handshake, responder: Handshake): Shaken {
  const frames: Bytes[] = [];
  let mine = initiator.next();
  let theirs = responder.next();
  while (mine.done !== true || theirs.done !== true) {
    for (const body of mine.value.send) {
      frames.push(body);
      theirs = feed(responder, theirs, body);
    }
    if (theirs.done === true) break;
    for (const body of theirs.value.send) {
      frames.push(body);
      mine = feed(initiator, mine, body);
    }
  }
  if (!mine.done || !theirs.done) throw new Error('one side is not done');
  return { frames, initiator: mine.value, responder: theirs.value };
}

function feed(side: Handshake, at: IteratorResult<Step, Proven>, body: Bytes): IteratorResult<Step, Proven> {
  if (at.done === true || at.value.needs !== body.length) throw new Error('a frame that nobody waits for');
  return side.next(body);
}
