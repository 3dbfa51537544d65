import { concatBytes, type Bytes } from '../../src/base/index.ts';
import type { Pipe, PipeEnd, SimulatedNode } from '../../src/testing/index.ts';
import {
  enrolled,
  pinState,
  record,
  strangers,
  texts,
  undelivered,
  type Pair,
} from '../scenarios/friends.ts';

// One bit of one handshake message is turned on its way between two whole programs (CRY-03, F9). The handshake must be
// refused: nobody opens a session, no text is shown or acked that was not sent, no pin moves beyond what the messages
// before it had proven, and the side that got the bit closes without a byte.

export type Mode = 'enrol' | 'session';
type Direction = 0 | 1;

/** One handshake message as it lies in the stream of its direction (0 is the dialler's), its length bytes included. */
export interface Placed {
  readonly mode: Mode;
  readonly name: string;
  readonly direction: Direction;
  readonly offset: number;
  readonly length: number;
}

export interface Flip extends Placed {
  /** 0 ≤ bit < 8 × length. */
  readonly bit: number;
}

export interface FlipOutcome {
  /** What is wrong; undefined when the flip was refused as it must be. */
  readonly fault: string | undefined;
  /** Why the side that got the bit, or else the other, ended. */
  readonly code: string;
}

const MESSAGES: Readonly<Record<Mode, readonly (readonly [Direction, string])[]>> = {
  enrol: [
    [0, 'preface'],
    [0, 'message 1'],
    [1, 'message 2'],
    [0, 'message 3'],
    [0, 'PAKE1'],
    [1, 'PAKE2'],
    [0, 'PAKE3'],
    [0, 'READY of I'],
    [1, 'READY of R'],
  ],
  session: [
    [0, 'preface'],
    [0, 'message 1'],
    [1, 'message 2'],
    [0, 'message 3'],
    [0, 'READY of I'],
    [1, 'READY of R'],
  ],
};
const TEXT = 'only for bob';
/** Longer than every deadline of a connection. */
const LIMIT_MS = 61_000;

/** Where every message of an undisturbed handshake lies. */
export function placeMessages(mode: Mode): readonly Placed[] {
  const pair = begin(mode);
  const streams: [Bytes[], Bytes[]] = [[], []];
  pair.world.onPipe = (pipe) => {
    for (const direction of [0, 1] as const)
      tap(pipe.ends[direction === 0 ? 1 : 0], (chunk) => {
        streams[direction].push(chunk);
        return chunk;
      });
  };
  pair.alice.send('bob', TEXT);
  pair.world.run(1_000);
  if (texts(pair.bob).join() !== TEXT) throw new Error('the undisturbed handshake does not work');
  const offsets: [number, number] = [0, 0];
  return MESSAGES[mode].map(([direction, name]) => {
    const stream = concatBytes(...streams[direction]);
    const offset = offsets[direction];
    const length = name === 'preface' ? 8 : 2 + ((stream[offset]! << 8) | stream[offset + 1]!);
    offsets[direction] += length;
    return { mode, name, direction, offset, length };
  });
}

/** Every bit of every message of both handshakes, in order. */
export function* allFlips(): Generator<Flip> {
  for (const mode of ['enrol', 'session'] as const) {
    for (const placed of placeMessages(mode))
      for (let bit = 0; bit < 8 * placed.length; bit++) yield { ...placed, bit };
  }
}

/** Two programs talk, and the bit is turned on its way; or, for the control, it is left as it is. */
export function runFlip(flip: Flip, isTurned = true): FlipOutcome {
  const pair = begin(flip.mode);
  const { world, alice, bob } = pair;
  let first: Pipe | undefined;
  const watched = { flipped: false, said: 0 };
  world.onPipe = (pipe) => {
    if (first) throw new Error('a second connection was made while the first one was under attack');
    first = pipe;
    attack(pipe, flip, watched, isTurned ? 1 << (flip.bit & 7) : 0);
  };
  alice.send('bob', TEXT);
  const isOver = () => first !== undefined && !holds(alice, first) && !holds(bob, first);
  world.run(LIMIT_MS, isOver);
  const code = [alice, bob].flatMap((node) => node.failures.map((failure) => failure.code)).join('/');
  if (!watched.flipped) return { fault: 'the bit never came', code };
  if (!isOver()) return { fault: 'the connection is still there', code };
  return { fault: faultIn(pair, flip, watched.said), code };
}

/** Two who have never met; or two who have met once, so that the session's confirmation of their pins shows. */
function begin(mode: Mode): Pair {
  const options = { seed: 11, latencyMs: [5, 5], isChunked: false } as const;
  return mode === 'enrol' ? strangers(options) : enrolled(options);
}

/** Turns the bit when it passes, and counts what its receiver writes from then on. */
function attack(pipe: Pipe, flip: Flip, watched: { flipped: boolean; said: number }, mask: number): void {
  const victim = pipe.ends[flip.direction === 0 ? 1 : 0];
  const at = flip.offset + (flip.bit >> 3);
  let offset = 0;
  tap(victim, (chunk) => {
    const index = at - offset;
    offset += chunk.length;
    if (index < 0 || index >= chunk.length) return chunk;
    const flipped = chunk.slice();
    flipped[index] = flipped[index]! ^ mask;
    watched.flipped = true;
    return flipped;
  });
  const write = victim.write.bind(victim);
  victim.write = (bytes) => {
    if (watched.flipped) watched.said += bytes.length;
    write(bytes);
  };
}

function tap(end: PipeEnd, edit: (chunk: Bytes) => Bytes): void {
  const receive = end.receive.bind(end);
  end.receive = (chunk) => receive(edit(chunk));
}

function holds(node: SimulatedNode, pipe: Pipe): boolean {
  return [...node.ends.values()].some((end) => end.pipe === pipe);
}

function faultIn(pair: Pair, flip: Flip, said: number): string | undefined {
  const { alice, bob } = pair;
  const isLast = flip.name === 'READY of R';
  const isConnected = (node: SimulatedNode): boolean =>
    node.events.some((event) => event.type === 'contact-connected');
  if (isConnected(alice) || (isConnected(bob) && !isLast)) return 'a session was opened';
  if (said > answerTo(flip)) return `its receiver wrote ${said} bytes`;
  // What came before R's READY was whole, the first record with a message among it: R may show that, once.
  const shown = texts(bob).join('|');
  if (texts(alice).length > 0 || (shown !== '' && !(isLast && shown === TEXT))) return 'a text was shown';
  if (undelivered(alice) !== 1) return 'the text counts as delivered';
  return faultInPins(pair, flip);
}

/** Nothing of an enrol's message 1 is encrypted: R answers it as any other, and I finds that h differs. */
function answerTo(flip: Flip): number {
  return flip.mode === 'enrol' && flip.name === 'message 1' ? 2 + 1_200 : 0;
}

/** Spec/02 §4.4: I pins after PAKE2 and R after PAKE3; message 3 of a session confirms R's pin, READY confirms I's. */
function faultInPins({ alice, bob }: Pair, flip: Flip): string | undefined {
  const isReady = flip.name.startsWith('READY');
  const expected =
    flip.mode === 'session'
      ? `unconfirmed ${isReady ? 'confirmed' : 'unconfirmed'}`
      : `${isReady || flip.name === 'PAKE3' ? 'unconfirmed' : 'none'} ${isReady ? 'unconfirmed' : 'none'}`;
  const found = `${pinState(alice)} ${pinState(bob)}`;
  if (found !== expected) return `the pins are ${found}, not ${expected}`;
  const [ours, theirs] = [record(alice)?.pin, record(bob)?.pin];
  const isWrong =
    (ours && !isEqual(ours.key, bob.keys.publicKey)) ||
    (theirs && !isEqual(theirs.key, alice.keys.publicKey)) ||
    (ours && theirs && !isEqual(ours.psk.reveal(), theirs.psk.reveal())) ||
    [alice, bob].some((node) => record(node)?.pending !== undefined);
  return isWrong ? 'a pin holds something else than the handshake proved' : undefined;
}

function isEqual(a: Bytes, b: Bytes): boolean {
  return Buffer.compare(a, b) === 0;
}
