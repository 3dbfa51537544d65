import { concatBytes, equalBytes, Writer, type Bytes } from '../../../src/base/index.ts';
import { nativePrimitives } from '../../../src/primitives/index.ts';
import {
  EnvelopeSealer,
  idFromBytes,
  idToBytes,
  parseMessageId,
} from '../../../src/protocol/envelope/index.ts';
import { decodeItem, encodeItem, type Item } from '../../../src/protocol/session/item.ts';
import { RECORD_PLAINTEXT_MAX, RecordOpener, RecordSealer } from '../../../src/protocol/session/record.ts';
import { READY_LENGTH } from '../../../src/protocol/session/ready.ts';
import { decodeUtf8, encodeUtf8 } from '../../../src/base/index.ts';
import { must, type FuzzTarget } from '../target.ts';

const KEY = new Uint8Array(32).fill(7);
const EMPTY = new Uint8Array(0);

export const READY_ITEM: Item = {
  type: 'ready',
  ready: {
    status: 'ok',
    clock: 1_700_000_000_000,
    maxVersion: 1,
    capabilities: 1,
    epoch: new Uint8Array(16).fill(1),
    peerEpoch: new Uint8Array(16).fill(2),
    stored: 5,
    storedId: new Uint8Array(16).fill(3),
    first: 6,
    last: 9,
  },
};
const envelope = new EnvelopeSealer({
  primitives: nativePrimitives,
  encKey: KEY,
  macKey: KEY,
  handshakeHash: KEY,
  direction: 1,
}).seal(
  { timestamp: 1, id: '01890a5d-ac96-774b-bcce-b302099a8057', seq: 1, type: 'text' },
  Uint8Array.of(104, 105),
);

/** One of each kind, and some at their limits. */
export const ITEMS: readonly Item[] = [
  READY_ITEM,
  { type: 'message', seq: 1, envelope },
  { type: 'message', seq: 2 ** 53 - 1, envelope: EMPTY },
  { type: 'ack', ack: { cumulative: 7, exceptions: [] } },
  {
    type: 'ack',
    ack: {
      cumulative: 7,
      exceptions: [
        { seq: 2, status: 'refused' },
        { seq: 6, status: 'unsupported' },
        { seq: 9, status: 'busy' },
      ],
    },
  },
  { type: 'ping', value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  { type: 'pong', value: new Uint8Array(8) },
  { type: 'close', close: { code: 'done', lastSeq: 3 } },
  { type: 'close', close: { code: 'rolled-back', lastSeq: 2 ** 53 - 1 } },
];
const ENCODED = ITEMS.map((item) => encodeItem(item));
/** Types that are reserved, unknown, or of the rekey: header and body. */
const ODD = [0x00, 0x20, 0x40, 0x41, 0x42, 0x51, 0xff].map((type) =>
  concatBytes(Uint8Array.of(type, 0, 32), new Uint8Array(32)),
);

/** The first byte is the type, the rest the body. */
const item: FuzzTarget = {
  name: 'item',
  seeds: [...ENCODED, ...ODD].map((bytes) => concatBytes(bytes.subarray(0, 1), bytes.subarray(3))),
  cost: 'cheap',
  lengthMax: 3_000,
  run: (input) => {
    const type = input[0] ?? 0;
    const body = input.subarray(1);
    const decoded = decodeItem(type, body);
    if (!decoded.ok) return `${type <= 0x50 ? type : 'other'} ${decoded.failure.code}`;
    const whole = new Writer().u8(type).u16(body.length).bytes(body).finish();
    must(equalBytes(encodeItem(decoded.value), whole), 'an item has one spelling');
    return decoded.value.type;
  },
};

const ready: FuzzTarget = {
  name: 'ready',
  seeds: [ENCODED[0]!.subarray(3), new Uint8Array(READY_LENGTH)],
  cost: 'cheap',
  lengthMax: READY_LENGTH + 4,
  run: (input) => {
    const decoded = decodeItem(0x05, input);
    if (!decoded.ok) return decoded.failure.code;
    must(decoded.value.type === 'ready' && input.length === READY_LENGTH, 'READY has one length');
    must(equalBytes(encodeItem(decoded.value).subarray(3), input), 'READY has one spelling');
    return decoded.value.type === 'ready' ? decoded.value.ready.status : 'another item';
  },
};

const sealed = (items: readonly Item[]): Bytes => new RecordSealer(nativePrimitives, KEY).seal(items);
const GENUINE = [...ITEMS.map((each) => [each]), ITEMS].map((items) => sealed(items));

const recordCiphertext: FuzzTarget = {
  name: 'record-ciphertext',
  seeds: GENUINE,
  cost: 'middle',
  run: (input) => {
    const opener = new RecordOpener(nativePrimitives, KEY);
    const opened = opener.open(input);
    if (!opened.ok) return opened.failure.code;
    must(
      GENUINE.some((record) => equalBytes(record, input)),
      'nothing opens that was not sealed',
    );
    return 'opened';
  },
};

/** The right key, and a plaintext that no honest sender makes. */
const recordPlaintext: FuzzTarget = {
  name: 'record-plaintext',
  seeds: [
    ...ENCODED,
    concatBytes(...ENCODED),
    ...ODD,
    concatBytes(ENCODED[3]!, new Uint8Array(501)),
    new Uint8Array(3),
  ],
  words: [...ENCODED.slice(3), ...ODD],
  cost: 'middle',
  run: (input) => {
    const opener = new RecordOpener(nativePrimitives, KEY);
    const opened = opener.open(sealPlaintext(KEY, 0, input));
    if (!opened.ok) return opened.failure.code;
    const again = concatBytes(...opened.value.map((each) => encodeItem(each)));
    must(equalBytes(again, input.subarray(0, again.length)), 'the items of a record are what it says');
    must(
      input.subarray(again.length).every((byte) => byte === 0),
      'only zeros follow the items',
    );
    must(opened.value.length > 0, 'a record carries an item');
    return `${Math.min(opened.value.length, 4)} items`;
  },
};

/** Spec/03 "Records", with any plaintext. */
export function sealPlaintext(key: Bytes, count: number, plaintext: Bytes): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(4, count, true);
  return nativePrimitives
    .chaCha20Poly1305(key)
    .seal(nonce, EMPTY, plaintext.subarray(0, RECORD_PLAINTEXT_MAX));
}

const messageId: FuzzTarget = {
  name: 'message-id',
  seeds: [
    encodeUtf8('01890a5d-ac96-774b-bcce-b302099a8057'),
    encodeUtf8('01890A5D-AC96-774B-BCCE-B302099A8057'),
  ],
  cost: 'cheap',
  lengthMax: 40,
  run: (input) => {
    const text = decodeUtf8(input) ?? '';
    const parsed = parseMessageId(text);
    if (!parsed.ok) return parsed.failure.code;
    must(idFromBytes(idToBytes(parsed.value)) === text, 'an id has one spelling');
    return 'ok';
  },
};

export const sessionTargets: readonly FuzzTarget[] = [
  item,
  ready,
  recordCiphertext,
  recordPlaintext,
  messageId,
];
