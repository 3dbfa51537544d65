import { readFileSync } from 'node:fs';
import { decodeUtf8, encodeUtf8, PeerText, type Bytes } from '../../../src/base/index.ts';
import { toJsonLine, toSafeLine, toSafeText } from '../../../src/base/safe-text.ts';
import { KeyDecoder } from '../../../src/cli/loop/keys.ts';
import { parseLine, parseNames } from '../../../src/cli/loop/parse-line.ts';
import {
  normalisePassword,
  parseAddress,
  parseDirectory,
  parseKeyText,
  parseUsernameText,
  type Directory,
} from '../../../src/directory/index.ts';
import { parseUsername } from '../../../src/protocol/handshake/names.ts';
import { must, type FuzzTarget } from '../target.ts';

/** Bytes that are no UTF-8 become UTF-16 units, so that half characters come too. */
function textOf(input: Bytes): string {
  const text = decodeUtf8(input);
  if (text !== undefined) return text;
  let units = '';
  for (let i = 0; i + 1 < input.length; i += 2)
    units += String.fromCharCode(((input[i] ?? 0) << 8) | (input[i + 1] ?? 0));
  return units;
}

const utf8 = (...texts: readonly string[]): readonly Bytes[] => texts.map((text) => encodeUtf8(text));

/** What may never reach a terminal, said independently of the allow-list: controls, formats, private, unassigned, halves. */
const UNSAFE = /[[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]--[\u200d]]/v;

function mustBeSafe(text: string, mayHaveLines: boolean): void {
  const rest = mayHaveLines ? text.replaceAll('\n', '') : text;
  must(!UNSAFE.test(rest), 'safe text has no unsafe code point');
  must(!/\u200d(?!\p{Extended_Pictographic})/u.test(rest), 'a joiner stands between pictures only');
  must(!/\p{M}{18}/u.test(rest), 'marks do not pile up');
}

const safeText: FuzzTarget = {
  name: 'safe-text',
  seeds: utf8(
    'hello',
    'a\u0301\u0302',
    '👩‍❤️‍💋‍👩 ok',
    '\u001b[31mred',
    'שלום\u202e',
    'tab\tcr\r\nlf\n',
    'e\u0301'.repeat(20),
  ),
  cost: 'middle',
  lengthMax: 600,
  run: (input) => {
    const text = textOf(input);
    const safe = toSafeText(text);
    mustBeSafe(safe, true);
    must(toSafeText(safe) === safe, 'what is safe stays as it is');
    mustBeSafe(toSafeLine(text), false);
    must(String(new PeerText(text)) === safe, 'a peer’s text prints as safe text');
    must(safe.length <= 16 * text.length + 16, 'marks do not blow a text up');
    const line = toJsonLine(text);
    mustBeSafe(line, false);
    must(JSON.parse(line) === text, 'JSON gives the very characters back');
    return safe === text ? 'as it was' : `marked${safe.includes('‹+') ? ' and clipped' : ''}`;
  },
};

const username: FuzzTarget = {
  name: 'username',
  seeds: utf8('alice', 'Zoë B.', 'O’Neill', '山田', '_x-1', 'a b', `a${'\u0303'.repeat(29)}`),
  cost: 'cheap',
  lengthMax: 90,
  run: (input) => {
    const parsed = parseUsernameText(textOf(input));
    if (!parsed.ok) {
      mustBeSafe(`${parsed.failure.message}${parsed.failure.hint ?? ''}`, true);
      return 'refused';
    }
    const again = parseUsernameText(parsed.value);
    must(again.ok && again.value === parsed.value, 'a name that was taken is taken as it is');
    must(parseUsername(encodeUtf8(parsed.value)).ok, 'a name of the directory can be sent');
    mustBeSafe(parsed.value, false);
    return 'ok';
  },
};

const password: FuzzTarget = {
  name: 'password',
  seeds: utf8('correct horse', 'pä\u00a0ss', '\u3000', 'x'.repeat(1_024)),
  cost: 'cheap',
  lengthMax: 1_200,
  run: (input) => {
    const text = textOf(input);
    const parsed = normalisePassword(text);
    if (!parsed.ok) {
      must(text.length < 6 || !parsed.failure.message.includes(text), 'a refusal does not repeat a password');
      return 'refused';
    }
    const again = normalisePassword(parsed.value);
    must(again.ok && again.value === parsed.value, 'the form of a password is one');
    return 'ok';
  },
};

const keyText: FuzzTarget = {
  name: 'key-text',
  seeds: utf8(Buffer.alloc(32, 7).toString('base64'), Buffer.alloc(32, 255).toString('base64')),
  cost: 'cheap',
  lengthMax: 60,
  run: (input) => {
    const text = textOf(input);
    const parsed = parseKeyText(text);
    if (!parsed.ok) return 'refused';
    must(Buffer.from(parsed.value).toString('base64') === text, 'a key has one spelling');
    return 'ok';
  },
};

const address: FuzzTarget = {
  name: 'address',
  seeds: utf8(
    '127.0.0.1',
    '::1',
    '[fe80::1%eth0]',
    '::ffff:1.2.3.4',
    'host.example.',
    'fd00:0:0:1::',
    '1:2:3:4:5:6:7:8',
  ),
  isText: true,
  words: ['::', '%eth0', '[', ']', '0', 'ffff', '.1', 'xn--', ':7688'],
  cost: 'cheap',
  lengthMax: 300,
  run: (input) => {
    const parsed = parseAddress(textOf(input));
    if (!parsed.ok) {
      mustBeSafe(`${parsed.failure.message}${parsed.failure.hint ?? ''}`, true);
      return 'refused';
    }
    const again = parseAddress(parsed.value.canonical);
    must(
      again.ok && again.value.canonical === parsed.value.canonical && again.value.kind === parsed.value.kind,
      'the canonical form is its own canonical form',
    );
    must(/^[\x21-\x7e]+$/.test(parsed.value.canonical), 'an address is plain ASCII');
    return parsed.value.kind;
  },
};

const ENTRY = {
  username: 'alice',
  password: 'secret',
  port: 7688,
  ip: '127.0.0.1',
  addresses: ['10.0.0.1', { ip: 'fd00::5', port: 7689 }],
  key: Buffer.alloc(32, 7).toString('base64'),
};

const directory: FuzzTarget = {
  name: 'directory',
  seeds: [
    ...utf8(
      JSON.stringify([ENTRY, { ...ENTRY, username: 'bob', addresses: [], key: undefined }], undefined, 2),
      '[]',
      '[{"username":"x","port":"1","ip":"h"}]',
    ),
    readFileSync(new URL('../../../spec/vectors/09-directory.json', import.meta.url)).subarray(0, 3_000),
  ],
  isText: true,
  words: [
    '"username"',
    '"password"',
    '"port"',
    '"ip"',
    '"key"',
    '"addresses"',
    '[{',
    '}]',
    '},{',
    '65535',
    '"bob"',
  ],
  cost: 'middle',
  run: (input) => {
    const parsed = parseDirectory(input);
    if (!parsed.ok) {
      must(
        parsed.failure.length >= 1 && parsed.failure.length <= 101,
        'as many mistakes as a person corrects',
      );
      for (const { message, hint } of parsed.failure) {
        mustBeSafe(message + (hint ?? ''), true);
        must(message.length < 2_000, 'a mistake is told shortly');
      }
      return parsed.failure[0]?.message.replaceAll(/[“("].*|\d+/gsu, '').slice(0, 40) ?? 'no reason';
    }
    const again = parseDirectory(encodeUtf8(JSON.stringify(plain(parsed.value))));
    must(again.ok, 'what was read can be written and read');
    const [before, after] = [plain(parsed.value), plain(again.value)].map((value) => JSON.stringify(value));
    must(before === after, 'reading twice changes nothing');
    return `ok ${Math.min(parsed.value.entries.length, 3)}`;
  },
};

function plain({ entries }: Directory): unknown {
  return entries.map(({ username, password, port, ip, addresses, key }) => ({
    username,
    password: password.reveal(),
    port,
    ip,
    addresses: addresses.slice(1),
    ...(key && { key: Buffer.from(key).toString('base64') }),
  }));
}

const KNOWN = ['alice', 'bob', 'Zoë B.', 'a b'];

const inputLine: FuzzTarget = {
  name: 'input-line',
  seeds: utf8('/verify Zoë B.', '@bob hi', '@a,@b text', '//x', '@@x', 'hello', '/', '@', '@a b  hi', '  '),
  words: ['/', '@', ',', 'Zoë B.', 'a b', 'alice', ' ', '\n'],
  cost: 'cheap',
  lengthMax: 300,
  run: (input) => {
    const line = textOf(input);
    const intent = parseLine(line, KNOWN);
    const named = parseNames(line, KNOWN);
    must(
      named.every((name) => name !== '') && new Set(named).size === named.length,
      'names are there, and once',
    );
    if (intent.type === 'text') {
      must(intent.text.length <= line.length, 'a text is part of its line');
      for (const name of intent.to ?? []) must(line.includes(name), 'a name is part of its line');
    } else if (intent.type === 'command')
      for (const word of intent.words) must(word !== '', 'a word is not empty');
    return `${intent.type} ${intent.type === 'text' ? Math.min(intent.to?.length ?? -1, 2) : ''}`;
  },
};

/** The first byte says where the terminal's bytes are cut. */
const keys: FuzzTarget = {
  name: 'terminal-keys',
  seeds: utf8(
    '\u0003hello\r',
    '\u0009\u001b[200~pasted\r\ntext\u001b[201~\r',
    '\u0002\u001b[1;5C\u001bb',
    '\u0001\u001b',
    '\u0004\u001b[Aé',
  ),
  words: ['\u001b[200~', '\u001b[201~', '\u001b[', '\u001bO', '\r', '\u001b'],
  cost: 'cheap',
  lengthMax: 400,
  run: (input) => {
    const text = textOf(input.subarray(1));
    const step = 1 + ((input[0] ?? 0) % 16);
    const decoder = new KeyDecoder();
    let typed = 0;
    let seen = '';
    for (let at = 0; at < text.length; at += step) {
      for (const key of decoder.decode(text.slice(at, at + step))) {
        seen = key.type;
        if (key.type !== 'key') typed += key.text.length;
        // eslint-disable-next-line no-control-regex
        if (key.type === 'text') must(!/[\u0000-\u001f\u007f]/.test(key.text), 'typed text has no control');
      }
    }
    must(typed <= text.length, 'no more is typed than came');
    return seen;
  },
};

export const textTargets: readonly FuzzTarget[] = [
  safeText,
  username,
  password,
  keyText,
  address,
  directory,
  inputLine,
  keys,
];
