import { type Bytes, concat, cut, fromUtf8, lv, readInteger, utf8, zeros } from './bytes.ts';
import { demand } from './refused.ts';

/** spec/02 §1: a user name, or undefined when the bytes are none. */
export function userName(bytes: Bytes): string | undefined {
  const name = fromUtf8(bytes);
  if (name === undefined || bytes.length < 1 || bytes.length > 64) return undefined;
  return name.normalize('NFC') === name && !/\p{Cc}/u.test(name) ? name : undefined;
}

/** spec/02 §1: a password as it goes into the proof. */
export const password = (text: string): Bytes => utf8(text.replace(/\p{Zs}/gu, ' ').normalize('NFC'));

/** spec/02 §3: both names in 132 bytes. */
export function writeNames(userI: string, userR: string): Bytes {
  const names = lv(utf8(userI), utf8(userR));
  return concat(names, zeros(132 - names.length));
}

export function readNames(bytes: Bytes): { readonly userI: string; readonly userR: string } {
  const [first, afterFirst] = takeName(bytes);
  const [second, padding] = takeName(afterFirst);
  demand(
    padding.every((byte) => byte === 0),
    'handshake-names',
  );
  return { userI: first, userR: second };
}

function takeName(bytes: Bytes): [string, Bytes] {
  demand(bytes.length >= 2, 'handshake-names');
  const length = Number(readInteger(bytes.slice(0, 2)));
  demand(bytes.length >= 2 + length, 'handshake-names');
  const [, name, rest] = cut(bytes, 2, length, bytes.length - 2 - length) as [Bytes, Bytes, Bytes];
  const text = userName(name);
  demand(text !== undefined, 'handshake-names');
  return [text, rest];
}
