import { type Bytes, concat, unhex, utf8, zeros } from '../bytes.ts';
import type { Handshake, Proven } from '../enrol.ts';
import { toBase64 } from '../envelope-json.ts';
import { frame } from '../frames.ts';
import type { Item } from '../items.ts';
import { handshakeOf, judge, prefaceOf } from '../judge.ts';
import { PLAIN_READY } from '../session-target.ts';
import { Session } from '../session.ts';
import { shakeHands } from '../shake-hands.ts';
import type { ConnectionCase, LocalSide } from './case.ts';
import { flip, kitSecret } from './duel.ts';
import * as enrol from './enrol-people.ts';
import * as session from './session-handshake.ts';
import { text } from './session.ts';

// Whole connections, from the first byte that the side under test receives.

const READY: Item = { type: 'READY', ready: PLAIN_READY };
const CLOSE: Item = { type: 'CLOSE', code: 0, lastSeq: 1n };

interface Honest {
  readonly mode: 'enrol' | 'session';
  readonly role: 'I' | 'R';
  readonly local: LocalSide;
  /** What the honest peer sends before its READY, the preface included. */
  readonly opening: Bytes;
  /** The peer after the handshake. */
  readonly peer: () => Session;
}

export function connectionCases(): ConnectionCase[] {
  const sides = [honest('enrol', 'R'), honest('enrol', 'I'), honest('session', 'R'), honest('session', 'I')];
  return [...sides.flatMap(everySide), ...strangers(sides[2] ?? honest('session', 'R'))];
}

function honest(mode: 'enrol' | 'session', role: 'I' | 'R'): Honest {
  const of = mode === 'enrol' ? enrol : session;
  const [alice, bob] = [of.aliceLocal(), of.bobLocal()];
  const sides: readonly [Handshake, Handshake] = [handshakeOf(mode, 'I', alice), handshakeOf(mode, 'R', bob)];
  const { frames, initiator } = shakeHands(...sides);
  const senders = mode === 'enrol' ? 'IRIIRI' : 'IRI';
  const sent = frames.filter((_, at) => senders[at] !== role).map(frame);
  const opening = concat(role === 'R' ? prefaceOf(mode) : zeros(0), ...sent);
  const proven: Proven = initiator;
  const peer = (): Session => new Session(role === 'R' ? 'I' : 'R', proven);
  return { mode, role, local: role === 'R' ? bob : alice, opening, peer };
}

/** What acted is what this implementation says; the code is declared. */
function connectionCase(
  { mode, role, local }: Honest,
  said: { readonly name: string; readonly code: string; readonly section?: string; readonly ends?: boolean },
  stream: Bytes,
): ConnectionCase {
  const { name, code, section = '03 State', ends = true } = said;
  const kitCase: ConnectionCase = {
    kind: 'connection',
    name: `${role}, ${mode}: ${name}`,
    section,
    code,
    mode,
    role,
    local,
    stream: toBase64(stream),
    ends,
    acted: [],
  };
  return { ...kitCase, acted: judge(kitCase)['acted'] as readonly string[] };
}

function everySide(side: Honest): ConnectionCase[] {
  const { opening } = side;
  const records = (...items: readonly (readonly Item[] | ((peer: Session) => readonly Item[]))[]): Bytes => {
    const peer = side.peer();
    return concat(...items.map((of) => frame(peer.send(...(typeof of === 'function' ? of(peer) : of)))));
  };
  const whole = records([READY], (peer) => [text(peer, 1, 'Hello')], [CLOSE]);
  const unfinished = records([READY], (peer) => [text(peer, 1, 'Hello')]);
  return [
    connectionCase(side, { name: 'READY, a message, CLOSE, the end', code: 'ok' }, concat(opening, whole)),
    connectionCase(side, { name: 'the end without CLOSE', code: 'truncated' }, concat(opening, unfinished)),
    connectionCase(
      side,
      { name: 'the end inside a record', code: 'truncated' },
      concat(opening, unfinished.slice(0, -1)),
    ),
    connectionCase(
      side,
      { name: 'the end inside a handshake frame', code: 'not-proven' },
      opening.slice(0, side.role === 'R' ? 600 : 700),
    ),
    connectionCase(
      side,
      { name: 'an empty frame after READY', code: 'frame-empty', section: '01 Frames' },
      concat(opening, records([READY]), zeros(2)),
    ),
    connectionCase(
      side,
      { name: 'a frame that is no record', code: 'record-decrypt', section: '03 Records' },
      concat(opening, frame(kitSecret('no record', 64))),
    ),
    connectionCase(
      side,
      { name: 'the last bit of the handshake is flipped', code: 'handshake-decrypt', section: '02 §2' },
      concat(flip(opening, -1), records([READY])),
    ),
  ];
}

/** What reaches a listener from programs that are no peers. */
function strangers(side: Honest): ConnectionCase[] {
  const bytes = (name: string, code: string, stream: Bytes, ends = false): ConnectionCase =>
    connectionCase(side, { name, code, section: '01 The preface', ends }, stream);
  return [
    bytes('an HTTP request', 'preface-bad', utf8('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
    bytes('an SSH greeting', 'preface-bad', utf8('SSH-2.0-OpenSSH_10.0\r\n')),
    bytes('a TLS ClientHello', 'preface-bad', unhex('16030106c2010006be0303')),
    bytes('nothing, then the end', 'not-proven', zeros(0), true),
    bytes('half a preface, then the end', 'not-proven', utf8('SOTT'), true),
    bytes('another version', 'preface-version', concat(unhex('534f545402020000'), side.opening.slice(8))),
    bytes('a frame too long for message 1', 'frame-length', concat(side.opening.slice(0, 8), unhex('ffff'))),
    bytes(
      'message 1 of pseudo-random bytes',
      'handshake-decrypt',
      concat(side.opening.slice(0, 8), frame(noise(1248))),
    ),
  ];
}

/** Its first 32 bytes are a canonical point. */
function noise(length: number): Bytes {
  const chunks = Array.from({ length: Math.ceil(length / 64) }, (_, at) => kitSecret(`noise ${at}`, 64));
  const bytes = concat(...chunks).slice(0, length);
  return bytes.map((byte, at) => (at === 31 ? byte & 0x7f : byte));
}
