import { decodeHex, encodeHex, type Bytes, type Failure } from '../../src/base/index.ts';
import { nativePrimitives as native } from '../../src/primitives/index.ts';
import {
  Connection,
  encodePreface,
  type ConnectionInput,
  type ConnectionOutput,
  type ConnectionRole,
  type Established,
  type Now,
  type Ready,
} from '../../src/protocol/index.ts';
import type { ConnectionCase, SessionCase, SessionStep } from '../reference/kit/case.ts';
import type { Verdict } from '../reference/judge.ts';
import { handshakeOf } from './production-handshake.ts';
import { PRESET_FRAME, presetHandshake } from './preset-handshake.ts';
import { fromBase64 } from './kit-files.ts';
import { scriptedEntropy } from './scripted-entropy.ts';

const REKEY_AFTER_MS = 1_000;
const CODES = [
  'done',
  'duplicate',
  'going-down',
  'bad-envelope',
  'protocol-error',
  'key-pending',
  'refused',
  'rolled-back',
];
const STATUSES = { refused: 4, busy: 5, unsupported: 6 };
const READY: Ready = {
  status: 'ok',
  clock: 1_784_000_000_000,
  maxVersion: 1,
  capabilities: 0,
  epoch: new Uint8Array(16).fill(1),
  peerEpoch: new Uint8Array(16),
  stored: 0,
  storedId: new Uint8Array(16),
  first: 1,
  last: 0,
};

/** A connection, what has acted on it, and how it ended. */
class Observed {
  readonly acted: string[] = [];
  failure: Failure | undefined;
  isPeerReady = false;
  isPeerClosed = false;
  isProven = false;
  readonly #connection: Connection;
  #now: Now = { monotonic: 0, wall: 0 };

  constructor(role: ConnectionRole, entropy: ReturnType<typeof scriptedEntropy>) {
    this.#connection = new Connection({
      primitives: native,
      entropy,
      role,
      lingerMs: Number.POSITIVE_INFINITY,
      now: this.#now,
      rekey: { afterMs: REKEY_AFTER_MS },
    });
  }

  handle(input: ConnectionInput): void {
    for (const output of this.#connection.handle(input, this.#now)) this.#note(output);
  }

  wait(ms: number): void {
    this.#now = { monotonic: this.#now.monotonic + ms, wall: this.#now.wall + ms };
  }

  #note(output: ConnectionOutput): void {
    if (output.type === 'established') this.isProven = true;
    if (output.type === 'closed') this.failure ??= output.failure;
    // The owner of the connection answers with CLOSE (bad envelope): that is the end of the case.
    if (output.type === 'bad-envelope') this.failure ??= output.failure;
    if (output.type === 'peer-ready') {
      this.isPeerReady = true;
      this.acted.push('READY');
    }
    if (output.type === 'peer-close') {
      this.isPeerClosed = true;
      this.acted.push(`CLOSE ${CODES.indexOf(output.close.code)}`);
    }
    if (output.type === 'ack') {
      const { cumulative, exceptions } = output.ack;
      const statuses = exceptions.map(({ seq, status }) => ` ${seq}:${STATUSES[status]}`).join('');
      this.acted.push(`ACK ${cumulative}${statuses}`);
    }
    const messages = messagesOf(output);
    for (const { header, plaintext } of messages)
      this.acted.push(`MSG ${header.seq} ${encodeHex(plaintext)}`);
  }
}

function messagesOf(
  output: ConnectionOutput,
): readonly { readonly header: { readonly seq: number }; readonly plaintext: Bytes }[] {
  return output.type === 'message' ? [output] : [];
}

export function sessionVerdict({ role, h, ss, rekeys = [], steps }: SessionCase): Verdict {
  const established: Established = {
    mode: 'session',
    role: role === 'I' ? 'initiator' : 'responder',
    localName: 'alice',
    remoteName: 'bob',
    remoteStatic: new Uint8Array(32),
    handshakeHash: bytesOf(h),
    sessionSecret: bytesOf(ss),
  };
  const handshake = presetHandshake(established);
  const entropy = scriptedEntropy({
    bytes: rekeys.map(({ ephemeral }) => bytesOf(ephemeral)),
    kemSeeds: rekeys.flatMap(({ kem_seed: seed }) => (seed === undefined ? [] : [bytesOf(seed)])),
    kemMessages: rekeys.flatMap(({ kem_message: message }) =>
      message === undefined ? [] : [bytesOf(message)],
    ),
  });
  const side = new Observed(
    role === 'I'
      ? { role: 'initiator', mode: 'session', handshake }
      : { role: 'responder', handshakeFor: () => handshake },
    entropy,
  );
  side.handle(role === 'I' ? { type: 'opened' } : { type: 'bytes', bytes: encodePreface('session') });
  side.handle({ type: 'bytes', bytes: PRESET_FRAME });
  let at = -1;
  for (const step of steps) {
    if (side.failure !== undefined) break;
    at += 1;
    if (step.do === 'rekey') side.wait(REKEY_AFTER_MS);
    side.handle(inputOf(step));
  }
  return { code: side.failure?.code ?? 'ok', at, acted: side.acted };
}

function inputOf(step: SessionStep): ConnectionInput {
  switch (step.do) {
    case 'receive':
      return { type: 'bytes', bytes: frame(fromBase64(step.body)) };
    case 'ready':
      return { type: 'ready', ready: READY };
    case 'rekey':
      return { type: 'tick' };
    case 'close':
      return { type: 'close', code: 'done' };
  }
}

const frame = (body: Bytes): Bytes => Uint8Array.of(body.length >> 8, body.length & 0xff, ...body);

const bytesOf = (hex: string): Bytes => decodeHex(hex) ?? new Uint8Array();

/** `pieceLength`: how the stream is cut. */
export function connectionVerdict(
  { mode, role, local, stream, ends }: ConnectionCase,
  pieceLength: number,
): Verdict {
  const handshake = handshakeOf(mode, role, local);
  const side = new Observed(
    role === 'I'
      ? { role: 'initiator', mode, handshake }
      : { role: 'responder', handshakeFor: () => handshake },
    scriptedEntropy({ bytes: [] }),
  );
  const answers = new Set<string>();
  const answer = (name: string, isDue: boolean, input: ConnectionInput): void => {
    if (!isDue || answers.has(name)) return;
    answers.add(name);
    side.handle(input);
  };
  side.handle({ type: 'opened' });
  const bytes = fromBase64(stream);
  for (let from = 0; from < bytes.length; from += pieceLength) {
    side.handle({ type: 'bytes', bytes: bytes.slice(from, from + pieceLength) });
    answer('ready', role === 'I' ? side.isProven : side.isPeerReady, { type: 'ready', ready: READY });
    answer('close', side.isPeerClosed, { type: 'close', code: 'done' });
  }
  if (ends) side.handle({ type: 'ended' });
  return { code: side.failure?.code ?? 'ok', acted: side.acted };
}
