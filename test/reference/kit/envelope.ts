import { type Bytes, fromUtf8, hex, unhex, utf8, zeros } from '../bytes.ts';
import { crc32, type EnvelopeDirection, envelopeTag, keystream, sealEnvelope } from '../envelope.ts';
import { toBase64 } from '../envelope-json.ts';
import { unwatched } from '../refused.ts';
import type { EnvelopeCase } from './case.ts';
import { kitSecret } from './duel.ts';

// spec/04. An envelope of a failing case has nothing else wrong unless its name says so.

const direction = (): EnvelopeDirection => ({
  h: kitSecret('h of envelopes'),
  dir: 1,
  enc: kitSecret('enc I>R of envelopes'),
  mac: kitSecret('mac I>R of envelopes'),
  k: 0n,
  position: 0,
});

/** What stands in an envelope; texts of members are JSON. */
interface Parts {
  /** Members of the header, crc first. */
  readonly header: readonly (readonly [string, string])[];
  readonly message: string;
  readonly hmacType: string;
  readonly hmacValue: string;
  readonly encType: string;
}

interface Plan {
  readonly plaintext?: Bytes;
  /** Members of the header in other forms, or more of them. */
  readonly header?: Readonly<Record<string, string>>;
  readonly ct?: Bytes;
  readonly message?: string;
  readonly crc?: string;
  readonly encType?: string;
  readonly hmacType?: string;
  readonly direction?: Partial<EnvelopeDirection>;
}

const ID = '"01920000-0000-7000-8000-00000000002a"';
const HELLO = utf8('hello');

/** An envelope with its own CRC and HMAC, whatever else is wrong. */
function parts(plan: Plan): Parts {
  const way = { ...direction(), ...plan.direction };
  const ct = plan.ct ?? keystream(way, plan.plaintext ?? HELLO);
  const message = plan.message ?? toBase64(ct);
  const crc = plan.crc ?? String(crc32(utf8(message)));
  const members = { crc, timestamp: '1784000000000', id: ID, seq: '1', type: '"text"', ...plan.header };
  const header = Object.entries(members);
  const [encType, hmacType] = [plan.encType ?? 'AES-256-CTR', plan.hmacType ?? 'HMAC-SHA256'];
  const tag = envelopeTag(way, headerText(header), encType, hmacType, ct);
  return { header, message, hmacType, hmacValue: toBase64(tag), encType };
}

const headerText = (members: Parts['header']): string =>
  `{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`;

const layout = ({ header, message, hmacType, hmacValue, encType }: Parts): string =>
  `{"header":${headerText(header)},"message":"${message}","security":{"hmac":{"hmac_type":"${hmacType}",` +
  `"hmac_val":"${hmacValue}"},"enc_type":"${encType}"}}`;

const forge = (plan: Plan): string => layout(parts(plan));

/** One envelope, and its seq. */
function one(
  name: string,
  code: string,
  envelope: string | Bytes,
  plaintexts: readonly Bytes[] = [],
  seq = 1,
): EnvelopeCase {
  return several(name, code, [[seq, envelope]], plaintexts);
}

function several(
  name: string,
  code: string,
  envelopes: readonly (readonly [number, string | Bytes])[],
  plaintexts: readonly Bytes[],
): EnvelopeCase {
  const { h, dir, enc, mac } = direction();
  const shown = envelopes.map(([seq, envelope]) => {
    const text = typeof envelope === 'string' ? envelope : (fromUtf8(envelope) ?? '');
    return /^[ -~]+$/.test(text)
      ? { seq, text }
      : { seq, hex: hex(typeof envelope === 'string' ? utf8(envelope) : envelope) };
  });
  const keys = { h: hex(h), dir, enc: hex(enc), mac: hex(mac) };
  const at = envelopes.length - 1;
  return {
    kind: 'envelope',
    name,
    section: '04',
    code,
    ...keys,
    envelopes: shown,
    at,
    plaintexts: plaintexts.map(hex),
  };
}

export function envelopeCases(): EnvelopeCase[] {
  return [
    ...rightCases(),
    ...formCases(),
    ...canonicalCases(),
    ...schemaCases(),
    ...rangeCases(),
    ...sealCases(),
    ...textCases(),
  ];
}

function rightCases(): EnvelopeCase[] {
  const way = direction();
  const texts = [HELLO, utf8(''), utf8('more than one block of the keystream, and the rest of another')];
  const sealed = texts.map((plaintext, at) => {
    const seq = 7 + at;
    const header = { timestamp: 0, id: `01920000-0000-7000-8000-00000000000${at}`, seq, type: 'text' };
    return [seq, sealEnvelope(way, { header, plaintext }, unwatched)] as const;
  });
  const object = utf8('{"a":1}');
  return [
    one('a text', 'ok', forge({}), [HELLO]),
    one('an empty text', 'ok', forge({ plaintext: zeros(0) }), [zeros(0)]),
    one('a text in many scripts', 'ok', forge({ plaintext: utf8('ña 中 🐇 e\u0301') }), [
      utf8('ña 中 🐇 e\u0301'),
    ]),
    several('one keystream, and k counts', 'ok', sealed, texts),
    one('another type', 'ok', forge({ plaintext: object, header: { type: '"x-1"' } }), [object]),
    one('all three optional members', 'ok', forge({ header: { reply_to: ID, group: ID, expires: '0' } }), [
      HELLO,
    ]),
    one(
      'the largest numbers',
      'ok',
      forge({ header: { timestamp: '8640000000000000', seq: '9007199254740991' } }),
      [HELLO],
      2 ** 53 - 1,
    ),
    one(
      'an id that is no UUID of a known version',
      'ok',
      forge({ header: { id: '"ffffffff-ffff-ffff-ffff-ffffffffffff"' } }),
      [HELLO],
    ),
  ];
}

function formCases(): EnvelopeCase[] {
  const right = forge({});
  const broken = (name: string, code: string, find: string, put: Bytes): EnvelopeCase => {
    const at = right.indexOf(find);
    const bytes = [...utf8(right.slice(0, at)), ...put, ...utf8(right.slice(at + find.length))];
    return one(name, code, Uint8Array.from(bytes));
  };
  return [
    one('no bytes', 'envelope-size', zeros(0)),
    one('one byte more than an envelope may have', 'envelope-size', utf8(right.padEnd(57_334))),
    broken('an invalid byte', 'envelope-utf8', 'text', unhex('74ff7874')),
    broken('an overlong slash', 'envelope-utf8', 'text', unhex('c0af')),
    broken('an encoded surrogate', 'envelope-utf8', 'text', unhex('eda080')),
    broken('beyond U+10FFFF', 'envelope-utf8', 'text', unhex('f4908080')),
    one('a byte order mark', 'envelope-json', `\uFEFF${right}`),
    one('not JSON', 'envelope-json', 'hello'),
    one('a cut envelope', 'envelope-json', right.slice(0, -1)),
    one('a byte behind it', 'envelope-json', `${right}x`),
    one('two envelopes', 'envelope-json', right + right),
    one('single quotes', 'envelope-json', right.replaceAll('"', "'")),
    one('a comma at the end', 'envelope-json', right.replace(/\}$/, ',}')),
    one('a comment', 'envelope-json', right.replace('{', '{/**/')),
    one('a NUL inside a string', 'envelope-json', right.replace('text', 'te\0xt')),
    one('a number with a leading zero', 'envelope-json', right.replace('"seq":1', '"seq":01')),
    one('a number with a sign', 'envelope-json', right.replace('"seq":1', '"seq":+1')),
    one('NaN', 'envelope-json', right.replace('"seq":1', '"seq":NaN')),
    one('nine openings', 'envelope-json', '['.repeat(9) + ']'.repeat(9)),
    one('nine openings, of which five are in a string', 'envelope-json', right.replace('"text"', '"[[[[["')),
  ];
}

function canonicalCases(): EnvelopeCase[] {
  const right = forge({});
  const lax = (name: string, find: string | RegExp, put: string): EnvelopeCase =>
    one(name, 'envelope-canonical', right.replace(find, put));
  return [
    lax('a space after a colon', '"seq":1', '"seq": 1'),
    lax('a space before it', '{', ' {'),
    lax('a line feed behind it', /$/, '\n'),
    lax('1.0', '"seq":1', '"seq":1.0'),
    lax('1e0', '"seq":1', '"seq":1e0'),
    lax('-0', '"timestamp":1784000000000', '"timestamp":-0'),
    lax('2^53 + 1, which a double does not hold', '"seq":1', '"seq":9007199254740993'),
    lax('a number of 400 digits', '"seq":1', `"seq":${'1'.repeat(400)}`),
    lax('an escape that is not needed', '"text"', '"te\\u0078t"'),
    lax('an escape in the name of a member', '"seq"', '"se\\u0071"'),
    lax('an escaped slash', 'AES-256-CTR', 'AES\\/256'),
    lax('a member twice, the same', '"seq":1', '"seq":1,"seq":1'),
    lax('a member twice, the last one right', '"seq":1', '"seq":2,"seq":1'),
    lax('two headers', '"message"', '"header":{},"message"'),
    lax('a member that nobody knows', '"seq":1', '"seq":1,"x":1'),
    lax('a member that nobody knows, of the envelope', /\}$/, ',"x":null}'),
    lax('a member that nobody knows, of hmac', '"hmac_val"', '"x":"","hmac_val"'),
    lax('a member __proto__', '"seq":1', '"seq":1,"__proto__":{"seq":1}'),
    lax('a member __proto__ in the place of seq', '"seq":1', '"__proto__":{"seq":1}'),
    lax('a member constructor', '"seq":1', '"seq":1,"constructor":1'),
    lax('timestamp before crc', /"crc":(\d+),"timestamp":(\d+)/, '"timestamp":$2,"crc":$1'),
    lax('enc_type before hmac', /"hmac":(\{.*?\}),"enc_type":("[^"]*")/, '"enc_type":$2,"hmac":$1'),
    one('group before reply_to', 'envelope-canonical', forge({ header: { group: ID, reply_to: ID } })),
    one(
      'an optional member before type',
      'envelope-canonical',
      right.replace('"type"', `"expires":1,"type"`),
    ),
  ];
}

function schemaCases(): EnvelopeCase[] {
  const right = forge({});
  const wrong = (name: string, find: string | RegExp, put: string): EnvelopeCase =>
    one(name, 'envelope-schema', right.replace(find, put));
  const of = (name: string, header: Readonly<Record<string, string>>): EnvelopeCase =>
    one(name, 'envelope-schema', forge({ header }));
  return [
    one('null', 'envelope-schema', 'null'),
    one('a number', 'envelope-schema', '1'),
    one('a string', 'envelope-schema', '"envelope"'),
    one('an empty list', 'envelope-schema', '[]'),
    one('an empty object', 'envelope-schema', '{}'),
    wrong('no header', /"header":\{.*?\},/, ''),
    wrong('the header is a list', /"header":\{.*?\}/, '"header":[]'),
    wrong('no message', /"message":"[^"]*",/, ''),
    wrong('the message is null', /"message":"[^"]*"/, '"message":null'),
    wrong('no security', /,"security":.*\}$/, '}'),
    wrong('hmac is a string', /"hmac":\{.*?\}/, '"hmac":""'),
    wrong('no enc_type', ',"enc_type":"AES-256-CTR"', ''),
    wrong('no hmac_val', /,"hmac_val":"[^"]*"/, ''),
    wrong('no crc', /"crc":\d+,/, ''),
    of('crc is a string', { crc: '"1"' }),
    of('timestamp is a string', { timestamp: '"1784000000000"' }),
    of('id is a number', { id: '1' }),
    of('seq is a string', { seq: '"1"' }),
    of('type is true', { type: 'true' }),
    of('reply_to is null', { reply_to: 'null' }),
    of('expires is a string', { expires: '"1"' }),
  ];
}

function rangeCases(): EnvelopeCase[] {
  const of = (name: string, header: Readonly<Record<string, string>>): EnvelopeCase =>
    one(name, 'envelope-range', forge({ header }));
  return [
    of('crc is 2^32', { crc: '4294967296' }),
    of('crc is negative', { crc: '-1' }),
    of('timestamp is one beyond the last', { timestamp: '8640000000000001' }),
    of('timestamp is 0.5', { timestamp: '0.5' }),
    of('seq is 0', { seq: '0' }),
    of('seq is 2^53', { seq: '9007199254740992' }),
    of('id has capitals', { id: ID.toUpperCase() }),
    of('id has no hyphens', { id: ID.replaceAll('-', '') }),
    of('id is in braces', { id: ID.replace(/"(.*)"/, '"{$1}"') }),
    of('type is empty', { type: '""' }),
    of('type begins with a hyphen', { type: '"-x"' }),
    of('type begins with a digit', { type: '"1x"' }),
    of('type has a capital', { type: '"Text"' }),
    of('type has 33 letters', { type: `"${'x'.repeat(33)}"` }),
    of('type ends with a line feed', { type: '"text\\n"' }),
    of('type is not ASCII', { type: '"tëxt"' }),
    of('reply_to is empty', { reply_to: '""' }),
    of('group is no UUID', { group: '"friends"' }),
    of('expires is negative', { expires: '-1' }),
    one(
      'a plaintext of 40,961 bytes',
      'envelope-range',
      forge({ plaintext: zeros(40_961), header: { type: '"x"' } }),
    ),
  ];
}

function sealCases(): EnvelopeCase[] {
  const spoilt = (name: string, code: string, message: string): EnvelopeCase =>
    one(name, code, forge({ message }));
  const right = parts({});
  const tag = (name: string, code: string, hmacValue: string): EnvelopeCase =>
    one(name, code, layout({ ...right, hmacValue }));
  const base64 = 'envelope-base64';
  const hmac = 'envelope-hmac';
  const elsewhere = (name: string, other: Partial<EnvelopeDirection>): EnvelopeCase =>
    one(name, hmac, forge({ direction: other }));
  const flipped = toBase64(Uint8Array.from(kitSecret('another tag')));
  return [
    spoilt('message without its padding', base64, right.message.replace(/=+$/, '')),
    spoilt('message with too much padding', base64, `${right.message}=`),
    spoilt('message in the URL alphabet', base64, 'ab-_'),
    spoilt('message with a space', base64, 'ab d'),
    spoilt('message with bits that are not used', base64, 'ab=='.replace('b', 'h')),
    spoilt('message of one character', base64, 'a'),
    spoilt('message is padding', base64, '===='),
    spoilt('padding inside message', base64, 'YQ==YQ=='),
    tag('hmac_val without its padding', base64, right.hmacValue.replace(/=+$/, '')),
    tag('hmac_val in hexadecimal', base64, hex(kitSecret('another tag')).slice(1)),
    one('the MSG item has another seq', 'envelope-seq', forge({}), [], 2),
    one('the CRC is wrong', 'envelope-crc', forge({ crc: '0' })),
    one(
      'CRC and HMAC are wrong: the CRC is first',
      'envelope-crc',
      layout({ ...parts({ crc: '0' }), hmacValue: flipped }),
    ),
    one('seq and CRC are wrong: the seq is first', 'envelope-seq', forge({ crc: '0' }), [], 2),
    ...['none', 'NONE', '', 'AES-128-CTR', 'AES-256-GCM', 'aes-256-ctr', 'AES-256-CTR '].map((encType) =>
      one(`enc_type "${encType}"`, 'envelope-enc-type', forge({ encType })),
    ),
    ...['none', '', 'HMAC-SHA1', 'HMAC-SHA512', 'HMAC-SHA3-256', 'hmac-sha256'].map((hmacType) =>
      one(`hmac_type "${hmacType}"`, 'envelope-hmac-type', forge({ hmacType })),
    ),
    tag('another HMAC', hmac, flipped),
    tag('hmac_val is empty', hmac, ''),
    tag('hmac_val of 31 bytes', hmac, toBase64(kitSecret('x', 31))),
    tag('hmac_val of 33 bytes', hmac, toBase64(kitSecret('x', 33))),
    one(
      'the header was edited',
      hmac,
      forge({}).replace('"timestamp":1784000000000', '"timestamp":1784000000001'),
    ),
    one(
      'a member was added to the header',
      hmac,
      forge({}).replace('"type":"text"', '"type":"text","expires":1'),
    ),
    one(
      'the ciphertext was edited, with its CRC',
      hmac,
      layout({ ...parts({ plaintext: utf8('jello') }), hmacValue: right.hmacValue }),
    ),
    elsewhere('sealed for the other direction', { dir: 2 }),
    elsewhere('sealed for the next position', { k: 1n }),
    elsewhere('sealed in another session', { h: kitSecret('another h') }),
    elsewhere('sealed with another key', { mac: kitSecret('another MAC key') }),
    several(
      'the same envelope twice',
      hmac,
      [
        [1, forge({})],
        [1, forge({})],
      ],
      [HELLO],
    ),
  ];
}

function textCases(): EnvelopeCase[] {
  const wrong = (name: string, plaintext: Bytes, type?: string): EnvelopeCase =>
    one(
      name,
      'envelope-text',
      forge({ plaintext, ...(type !== undefined && { header: { type: `"${type}"` } }) }),
    );
  return [
    wrong('a text that is not UTF-8', unhex('68ff')),
    wrong('a text with an overlong encoding', unhex('c0af')),
    wrong('a text with half of a surrogate pair', unhex('eda080')),
    wrong('another type that is not UTF-8', unhex('7b22ff223a317d'), 'x'),
    wrong('another type that is empty', zeros(0), 'x'),
    wrong('another type that is a string', utf8('"x"'), 'x'),
    wrong('another type that is a list', utf8('[]'), 'x'),
    wrong('another type that is null', utf8('null'), 'x'),
    wrong('another type with a byte order mark', utf8('\uFEFF{}'), 'x'),
  ];
}
