import { type Bytes, concat, hex, zeros } from '../bytes.ts';
import { toBase64 } from '../envelope-json.ts';
import { type Item, writeItemBody } from '../items.ts';
import { nextRecordKey } from '../keys.ts';
import { seal } from '../noise.ts';
import { padded, writeItem } from '../records.ts';
import type { RecordCase } from './case.ts';
import { kitSecret } from './duel.ts';

// Records at numbers that a session does not reach in a test. spec/03 "Records" and "The record key by itself".

const KEY = kitSecret('a record key');
const NEXT = nextRecordKey(KEY);
const PING: Item = { type: 'PING', bytes: zeros(8) };
const STEP = 65_536;

/** `made`: the key and the number under which each body was made. */
function recordCase(
  name: string,
  code: string,
  n: number,
  made: readonly (readonly [Bytes, bigint])[],
): RecordCase {
  const bodies = made.map(([key, count]) =>
    toBase64(seal(key, count, zeros(0), padded([writeItemBody(PING)]))),
  );
  return { kind: 'record', name, section: '03 Rekey', code, key: hex(KEY), n, bodies, at: bodies.length - 1 };
}

export function recordCases(): RecordCase[] {
  const last = 2n ** 53n - 2n;
  return [
    largest(),
    recordCase('records 0 and 1', 'ok', 0, [
      [KEY, 0n],
      [KEY, 1n],
    ]),
    recordCase('a nonce is a little-endian number: record 256', 'ok', 256, [[KEY, 256n]]),
    recordCase('record 2^32 + 1, whose number needs more than 32 bits', 'ok', 2 ** 32 + 1, [
      [KEY, 2n ** 32n + 1n],
    ]),
    recordCase('record 65,536 is under the next key', 'ok', STEP - 1, [
      [KEY, 65_535n],
      [NEXT, 65_536n],
      [NEXT, 65_537n],
    ]),
    recordCase('record 131,072 is under the next key', 'ok', 2 * STEP - 1, [
      [KEY, 131_071n],
      [NEXT, 131_072n],
    ]),
    recordCase('record 65,536 is under the old key', 'record-decrypt', STEP - 1, [
      [KEY, 65_535n],
      [KEY, 65_536n],
    ]),
    recordCase('the next key comes one record early', 'record-decrypt', STEP - 1, [[NEXT, 65_535n]]),
    recordCase('n begins again with the next key', 'record-decrypt', STEP - 1, [
      [KEY, 65_535n],
      [NEXT, 0n],
    ]),
    recordCase('a big-endian nonce', 'record-decrypt', 1, [[KEY, 1n << 56n]]),
    recordCase('the last record, 2^53 - 2', 'ok', Number(last), [[KEY, last]]),
    recordCase('a record with the number 2^53 - 1', 'counter-exhausted', Number(last) + 1, [
      [KEY, last + 1n],
    ]),
  ];
}

/** Its frame announces 65,535 bytes. */
function largest(): RecordCase {
  const item = writeItem(writeItemBody(PING));
  const plaintext = concat(item, zeros(65_519 - item.length));
  const bodies = [toBase64(seal(KEY, 0n, zeros(0), plaintext))];
  const name = 'the largest record that a frame holds, nearly all of it padding';
  return { kind: 'record', name, section: '03 Records', code: 'ok', key: hex(KEY), n: 0, bodies, at: 0 };
}
