import { concatBytes, Writer, type Bytes, type Now } from '../../../src/base/index.ts';
import { nativePrimitives } from '../../../src/primitives/index.ts';
import { EnvelopeSealer } from '../../../src/protocol/envelope/index.ts';
import type { Established, HandshakeMachine } from '../../../src/protocol/handshake/index.ts';
import { beginRekey } from '../../../src/protocol/handshake/rekey.ts';
import {
  Connection,
  type ConnectionInput,
  type ConnectionOutput,
} from '../../../src/protocol/session/index.ts';
import { encodeItem, type Item } from '../../../src/protocol/session/item.ts';
import { deriveSessionKeys } from '../../../src/protocol/session/key-schedule.ts';
import { encodeFrame, encodePreface } from '../../../src/protocol/wire/index.ts';
import { ALICE, fastSeededEntropy } from '../../../src/testing/index.ts';
import { must, type FuzzTarget } from '../target.ts';
import { ITEMS, READY_ITEM, sealPlaintext } from './session.ts';

// A proven peer who breaks the rules of the session: he has the keys and seals whatever he likes.
//
// Input: the role of the side under attack (the lowest bit of the first byte), then records, each a length in two bytes
// and a plaintext.

const SECRET = new Uint8Array(32).fill(5);
const HASH = new Uint8Array(32).fill(6);
const KEYS = deriveSessionKeys(nativePrimitives, SECRET);
const AT: Now = { monotonic: 0, wall: 1_700_000_000_000 };

function established(role: 'initiator' | 'responder'): Established {
  return {
    mode: 'session',
    role,
    localName: role === 'initiator' ? 'alice' : 'bob',
    remoteName: role === 'initiator' ? 'bob' : 'alice',
    remoteStatic: ALICE.publicKey,
    handshakeHash: HASH.slice(),
    sessionSecret: SECRET.slice(),
  };
}

/** A handshake that is over with its first frame: this target is about what follows. */
function doneHandshake(role: 'initiator' | 'responder'): HandshakeMachine {
  const step = { ok: true, value: { send: [], established: established(role) } } as const;
  return {
    expectedLength: role === 'initiator' ? undefined : 1,
    step: 'noise',
    start: () => (role === 'initiator' ? step : { ok: true, value: { send: [] } }),
    receive: () => step,
    wipe: () => {},
  };
}

function genuine(direction: 1 | 2): readonly Bytes[] {
  const sealer = new EnvelopeSealer({
    primitives: nativePrimitives,
    encKey: direction === 1 ? KEYS.encI2R : KEYS.encR2I,
    macKey: direction === 1 ? KEYS.macI2R : KEYS.macR2I,
    handshakeHash: HASH,
    direction,
  });
  const messages = [1, 2, 3].map((seq): Item => {
    const header = { timestamp: 1, id: `01890a5d-ac96-774b-bcce-00000000000${seq}`, seq, type: 'text' };
    return { type: 'message', seq, envelope: sealer.seal(header, Uint8Array.of(0x60 + seq)) };
  });
  return messages.map((item) => encodeItem(item));
}
const REKEY1 = encodeItem({
  type: 'rekey-1',
  message: beginRekey({
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(9),
    psk: KEYS.rekey,
    handshakeHash: HASH,
  }).rekey1,
});
const READY = encodeItem(READY_ITEM);
const SIMPLE = ITEMS.slice(3).map((item) => encodeItem(item));
const KEYSWITCH = encodeItem({ type: 'keyswitch' });

function talk(role: 0 | 1, ...records: readonly Bytes[]): Bytes {
  const parts = records.map((record) => new Writer().lv(record).finish());
  return concatBytes(Uint8Array.of(role), ...parts);
}

const CLOSE = SIMPLE.at(-2) ?? READY;
const seeds = ([0, 1] as const).flatMap((role) => {
  const messages = genuine(role === 0 ? 2 : 1);
  return [
    talk(role, READY, ...messages),
    talk(role, concatBytes(READY, ...messages), ...SIMPLE),
    talk(role, READY, concatBytes(...messages, CLOSE)),
    talk(role, READY, SIMPLE[2] ?? READY, CLOSE, ...messages),
    talk(role, READY, REKEY1, KEYSWITCH, ...messages),
  ];
});

function run(input: Bytes): string {
  const role = ((input[0] ?? 0) & 1) === 0 ? 'initiator' : 'responder';
  const side = openSide(role);
  let count = 0;
  for (let at = 1; at + 2 <= input.length; count++) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    const plaintext = input.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    side.give({ type: 'bytes', bytes: encodeFrame(sealPlaintext(peerKey(role), count, plaintext)) });
  }
  const { outputs, connection } = side;
  const written = outputs.reduce(
    (sum, output) => sum + (output.type === 'write' ? output.bytes.length : 0),
    0,
  );
  must(written <= 4_096 * (count + 2), 'what is written is bounded by what came');
  const shown = outputs.filter((output) => output.type === 'message');
  const texts = shown.map(({ plaintext }) => String.fromCharCode(...plaintext)).join('');
  must('abc'.startsWith(texts), 'messages come once and in order, as they were sealed');
  const end = outputs.findLast((output) => output.type === 'closed');
  if (end) {
    must(outputs.at(-1) === end, 'closed is the last word');
    must(
      connection.handle({ type: 'bytes', bytes: READY }, AT).length === 0,
      'a closed connection is silent',
    );
    must(connection.deadline() === undefined, 'a closed connection waits for nothing');
  }
  const why = end?.type === 'closed' ? (end.failure?.code ?? 'as agreed') : connection.phase;
  return `${role} ${why} ${texts.length}`;
}

/** The side under attack, with an owner that answers as the engine does. */
function openSide(role: 'initiator' | 'responder') {
  const handshake = doneHandshake(role);
  const connection = new Connection({
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(4),
    role:
      role === 'initiator' ? { role, mode: 'session', handshake } : { role, handshakeFor: () => handshake },
    lingerMs: 60_000,
    now: AT,
  });
  const outputs: ConnectionOutput[] = [];
  const ready = READY_ITEM.type === 'ready' ? READY_ITEM.ready : undefined;
  const give = (input: ConnectionInput): void => {
    for (const output of connection.handle(input, AT)) {
      outputs.push(output);
      const isAsking = output.type === (role === 'initiator' ? 'established' : 'peer-ready');
      if (isAsking && ready) give({ type: 'ready', ready });
      if (output.type === 'bad-envelope') give({ type: 'close', code: 'bad-envelope' });
    }
  };
  if (role === 'initiator') give({ type: 'opened' });
  else give({ type: 'bytes', bytes: concatBytes(encodePreface('session'), encodeFrame(Uint8Array.of(0))) });
  return { connection, outputs, give };
}

function peerKey(role: 'initiator' | 'responder'): Bytes {
  return role === 'initiator' ? KEYS.recR2I : KEYS.recI2R;
}

export const connectionTarget: FuzzTarget = {
  name: 'session-peer',
  seeds,
  words: [READY, REKEY1, KEYSWITCH, ...SIMPLE, ...genuine(1), ...genuine(2)],
  cost: 'middle',
  lengthMax: 6_000,
  run,
};
