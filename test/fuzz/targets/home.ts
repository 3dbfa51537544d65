import { encodeUtf8 } from '../../../src/base/index.ts';
import { decodeHomeFile, encodeHomeFile } from '../../../src/store/home-file.ts';
import { must, type FuzzTarget } from '../target.ts';

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const PIN = {
  key: key(1),
  psk: key(2),
  confirmed: true,
  created: 1,
  last_seen: 2,
  verified: 'approved',
  min_version: 1,
  former_keys: [{ key: key(3), until: 9 }],
};
const EMPTY_HOME = { version: 1, username: 'alice', secret: key(9), trust: [] };
const FULL_HOME = {
  ...EMPTY_HOME,
  trust: [
    { username: 'bob', pin: PIN, pending: { key: key(4), psk: key(5), since: 3 }, repair_until: 7 },
    { username: 'carol' },
  ],
  guesses: { buckets: ['0 1 5', '1023 999 1700000000000'], names: [{ username: 'bob', failures: 3 }] },
};

export const homeTarget: FuzzTarget = {
  name: 'home-file',
  seeds: [EMPTY_HOME, FULL_HOME].map((home) => encodeUtf8(`${JSON.stringify(home, undefined, 2)}\n`)),
  isText: true,
  words: [
    '"version": 1',
    '"trust": [',
    '"pin": {',
    '"psk"',
    '"verified"',
    '"confirmed": true',
    '"guesses": {',
    '-1',
  ],
  cost: 'middle',
  run: (input) => {
    const decoded = decodeHomeFile(input);
    if (!decoded.ok) {
      const { message } = decoded.failure;
      must(
        /^[a-z0-9_. ]{1,100}$/i.test(message),
        'a damaged home is told shortly, and without what stands in it',
      );
      return message.replaceAll(/\d+/g, '');
    }
    must(decoded.value.secret.length === 32, 'a key has 32 bytes');
    const text = encodeHomeFile(decoded.value);
    const again = decodeHomeFile(encodeUtf8(text));
    must(again.ok && encodeHomeFile(again.value) === text, 'what was read is written and read the same');
    return `ok ${decoded.value.records.length}`;
  },
};
