import { type Bytes, concat, unhex, utf8 } from '../bytes.ts';
import { toBase64 } from '../envelope-json.ts';
import type { Handshake, Proven, Step } from '../enrol.ts';
import { sha512 } from '../hash.ts';
import { handshakeOf, provenAsJson } from '../judge.ts';
import { Refused, type Watch } from '../refused.ts';
import type { CaseHead, HandshakeCase, LocalSide } from './case.ts';

/** A secret that nobody has chosen. */
export const kitSecret = (name: string, length = 32): Bytes =>
  sha512(utf8(`sotto/1 kit ${name}`)).slice(0, length);

/** A peer that puts other values in the place of some that it sends. */
export const swapping =
  (changes: Readonly<Record<string, (value: Bytes) => Bytes>>): Watch =>
  (name, value) =>
    changes[name]?.(value) ?? value;

/** The bytes with one bit flipped; a negative position counts from the end. */
export function flip(bytes: Bytes, at: number, bit = 0x01): Bytes {
  const flipped = Uint8Array.from(bytes);
  const index = at < 0 ? bytes.length + at : at;
  flipped[index] = (flipped[index] ?? 0) ^ bit;
  return flipped;
}

export const put = (bytes: Bytes, at: number, piece: Bytes): Bytes =>
  concat(bytes.slice(0, at), piece, bytes.slice(at + piece.length));

/** Points of small order, written canonically: the shared secret is all zeros. */
export const LOW_ORDER: readonly (readonly [string, Bytes])[] = [
  ['u = 0', unhex('00'.repeat(32))],
  ['u = 1', unhex(`01${'00'.repeat(31)}`)],
  ['of order 8', unhex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')],
  ['of order 8, the other one', unhex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157')],
  ['u = p - 1', unhex(`ec${'ff'.repeat(30)}7f`)],
];

/** u that would be reduced. */
export const NOT_REDUCED: readonly (readonly [string, Bytes])[] = [
  ['u = p', unhex(`ed${'ff'.repeat(30)}7f`)],
  ['u = p + 9, the base point', unhex(`f6${'ff'.repeat(30)}7f`)],
  ['u = 2^255 - 1', unhex(`ff${'ff'.repeat(30)}7f`)],
];

/** An ML-KEM-768 public key of which the first coefficient is q. */
export const badKemKey = (key: Bytes): Bytes =>
  put(
    key,
    0,
    unhex('010d').map((byte, at) => (at === 1 ? byte | ((key[1] ?? 0) & 0xf0) : byte)),
  );

export const head = (name: string, section: string, code: string, comment?: string): CaseHead => ({
  name,
  section,
  code,
  ...(comment !== undefined && { comment }),
});

/** The edits of one frame only. */
export const inFrame =
  (frame: number, change: (body: Bytes) => Bytes) =>
  (body: Bytes, at: number): Bytes =>
    at === frame ? change(body) : body;

export interface Duel {
  readonly head: CaseHead;
  readonly mode: 'enrol' | 'session';
  readonly role: 'I' | 'R';
  /** The side under test. */
  readonly local: LocalSide;
  readonly peer: Handshake;
  /** What becomes of each frame body on its way to the side under test. */
  readonly edit?: (body: Bytes, at: number) => Bytes;
}

/** Runs a wrong peer against this implementation, and writes down what that received. */
export function handshakeCase({ head, mode, role, local, peer, edit = (body) => body }: Duel): HandshakeCase {
  const target = handshakeOf(mode, role, local);
  const receive: string[] = [];
  const proven: Proven[] = [];
  const queue: { to: 'target' | 'peer'; body: Bytes }[] = [];
  const send = (step: IteratorResult<Step, Proven>, to: 'target' | 'peer'): void => {
    queue.push(...step.value.send.map((body) => ({ to, body })));
    if (step.done && to === 'peer') proven.push(step.value);
  };
  send(target.next(), 'peer');
  send(peer.next(), 'target');
  // Either may refuse the other: then nothing more is sent.
  try {
    for (let next = queue.shift(); next !== undefined && proven.length === 0; next = queue.shift()) {
      if (next.to === 'peer') send(peer.next(next.body), 'target');
      else {
        const body = edit(next.body, receive.length);
        receive.push(toBase64(body));
        if (body.length !== next.body.length) break;
        send(target.next(body), 'peer');
      }
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  const { name, section, comment, code } = head;
  const [outcome] = proven;
  const said = { name, section, ...(comment !== undefined && { comment }), code };
  return {
    kind: 'handshake',
    ...said,
    mode,
    role,
    local,
    receive,
    at: receive.length - 1,
    ...(outcome && code === 'ok' && { proven: provenAsJson(outcome) }),
  };
}
