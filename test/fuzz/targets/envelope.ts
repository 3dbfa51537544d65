import {
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  Writer,
  type Bytes,
} from '../../../src/base/index.ts';
import { nativePrimitives } from '../../../src/primitives/index.ts';
import {
  ENVELOPE_BYTES_MAX,
  EnvelopeOpener,
  EnvelopeSealer,
  type EnvelopeHeader,
  type EnvelopeOptions,
} from '../../../src/protocol/envelope/index.ts';
import { must, type FuzzTarget } from '../target.ts';

const OPTIONS: EnvelopeOptions = {
  primitives: nativePrimitives,
  encKey: new Uint8Array(32).fill(1),
  macKey: new Uint8Array(32).fill(2),
  handshakeHash: new Uint8Array(32).fill(3),
  direction: 1,
};
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const HEADERS: readonly EnvelopeHeader[] = [
  { timestamp: 1_700_000_000_000, id: ID, seq: 1, type: 'text' },
  { timestamp: 0, id: ID, seq: 1, type: 'text', replyTo: ID, group: ID, expires: 8_640_000_000_000_000 },
  { timestamp: 1, id: ID, seq: 2 ** 53 - 1, type: 'x-9' },
];
const PLAINTEXTS = ['hi', '', '{"a":1}', 'Grüße 👩‍🚀'].map((text) => encodeUtf8(text));
const GENUINE = HEADERS.flatMap((header) =>
  PLAINTEXTS.map((plaintext) => new EnvelopeSealer(OPTIONS).seal(header, plaintext)),
);
const WORDS = [
  '"header":',
  '"crc":',
  '"timestamp":',
  '"id":',
  '"seq":',
  '"type":',
  '"reply_to":',
  '"group":',
  '"expires":',
  '"message":',
  '"security":',
  '"hmac":',
  '"hmac_val":',
  '"enc_type":',
  'HMAC-SHA256',
  'AES-256-CTR',
  `"${ID}"`,
  ',"__proto__":{}',
  '"text"',
  '=',
];

function open(input: Bytes): ReturnType<EnvelopeOpener['open']> {
  const seq = /"seq":(\d{1,16})[,}]/.exec(decodeUtf8(input) ?? '')?.[1];
  return new EnvelopeOpener(OPTIONS).open(input, Number(seq ?? 1));
}

/** Somebody who does not know the keys. */
const envelope: FuzzTarget = {
  name: 'envelope',
  seeds: GENUINE,
  isText: true,
  words: WORDS,
  cost: 'middle',
  lengthMax: 1_500,
  run: (input) => {
    const opened = open(input);
    if (!opened.ok) return opened.failure.code;
    must(
      GENUINE.some((each) => equalBytes(each, input)),
      'nothing opens that was not sealed',
    );
    return 'opened';
  },
};

/** Somebody who knows them and seals what no honest program would: CRC and HMAC are made right again. */
const resealed: FuzzTarget = {
  name: 'envelope-resealed',
  seeds: GENUINE,
  isText: true,
  words: WORDS,
  cost: 'middle',
  lengthMax: 1_500,
  run: (input) => {
    const bytes = reseal(input);
    const opened = open(bytes);
    if (!opened.ok) return opened.failure.code;
    const { header, plaintext } = opened.value;
    const again = new EnvelopeSealer(OPTIONS).seal(header, plaintext);
    must(equalBytes(again, bytes), 'an envelope that opens is the one canonical form of what it says');
    if (header.type === 'text') must(decodeUtf8(plaintext) !== undefined, 'a text is UTF-8');
    else must(isObject(decodeUtf8(plaintext)), 'any other type carries an object');
    return `opened ${header.type === 'text' ? 'text' : 'other'}`;
  },
};

function isObject(text: string | undefined): boolean {
  const value: unknown = JSON.parse(text ?? '0');
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The header, message and HMAC are wherever they look like themselves; an input in which they do not stays as it is. */
function reseal(input: Bytes): Bytes {
  const text = decodeUtf8(input);
  const message = /"message":"([^"]*)"/.exec(text ?? '')?.[1];
  if (text === undefined || message === undefined) return input;
  const crc = nativePrimitives.crc32(encodeUtf8(message));
  const withCrc = text.replace(/"crc":\d+/, `"crc":${crc}`);
  const header = /^\{"header":(\{[^}]*\})/.exec(withCrc)?.[1];
  if (header === undefined) return encodeUtf8(withCrc);
  const tag = hmac(encodeUtf8(header), Buffer.from(message, 'base64'));
  return encodeUtf8(
    withCrc.replace(/"hmac_val":"[^"]*"/, `"hmac_val":"${Buffer.from(tag).toString('base64')}"`),
  );
}

/** Spec/04 "Security", for the first message of the session. */
function hmac(header: Bytes, ciphertext: Bytes): Bytes {
  const lv32 = (bytes: Bytes): Bytes => new Writer().u32(bytes.length).bytes(bytes).finish();
  const context = new Writer()
    .bytes(encodeUtf8('sotto/1 env'))
    .u8(0)
    .bytes(OPTIONS.handshakeHash)
    .u8(1)
    .u64(0);
  const types = concatBytes(lv32(encodeUtf8('AES-256-CTR')), lv32(encodeUtf8('HMAC-SHA256')));
  return nativePrimitives.hmacSha256(
    OPTIONS.macKey,
    concatBytes(context.finish(), lv32(header), types, lv32(ciphertext)),
  );
}

/** At and beyond the limits of size and depth. */
const large: FuzzTarget = {
  name: 'envelope-large',
  seeds: [
    new EnvelopeSealer(OPTIONS).seal(HEADERS[0]!, new Uint8Array(40 * 1024).fill(97)),
    new Uint8Array(ENVELOPE_BYTES_MAX + 1).fill(0x5b),
    encodeUtf8('[{"a":'.repeat(9_000)),
    encodeUtf8(`{"header":${'9'.repeat(50_000)}}`),
  ],
  isText: true,
  words: WORDS,
  cost: 'costly',
  lengthMax: 70_000,
  run: (input) => {
    const opened = open(input);
    if (!opened.ok) return opened.failure.code;
    must(opened.value.plaintext.length <= 40 * 1024, 'no plaintext is longer than 40 KiB');
    return 'opened';
  },
};

export const envelopeTargets: readonly FuzzTarget[] = [envelope, resealed, large];
