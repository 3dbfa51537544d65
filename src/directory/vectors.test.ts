import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeUtf8, type Result } from '../base/index.ts';
import { normalisePassword, parseAddress, parseDirectory, parseUsernameText } from './index.ts';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly failure?: string;
  readonly value?: string;
  readonly kind?: string;
  readonly entries?: readonly unknown[];
}
type Chapter = Readonly<Record<'usernames' | 'passwords' | 'addresses' | 'files', readonly Case[]>>;

const path = join(import.meta.dirname, '../../spec/vectors/09-directory.json');
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Chapter;

/** The case as this program answers it. */
function answer<Value>(
  { name, text }: Case,
  result: Result<Value, unknown>,
  show: (value: Value) => Partial<Case>,
): Case {
  return { name, text, ...(result.ok ? show(result.value) : { failure: 'directory-invalid' }) };
}

describe('the vectors of spec/09', () => {
  test.each(vectors.usernames)('username: $name (DIR-07)', (vector) => {
    expect(answer(vector, parseUsernameText(vector.text), (value) => ({ value }))).toEqual(vector);
  });
  test.each(vectors.passwords)('password: $name', (vector) => {
    expect(answer(vector, normalisePassword(vector.text), (value) => ({ value }))).toEqual(vector);
  });
  test.each(vectors.addresses)('address: $name (DIR-06, NET-17)', (vector) => {
    expect(
      answer(vector, parseAddress(vector.text), ({ kind, canonical }) => ({ kind, value: canonical })),
    ).toEqual(vector);
  });
  test.each(vectors.files)('file: $name (DIR-01, DIR-04, DIR-06)', (vector) => {
    const entriesOf = (text: string) =>
      answer(vector, parseDirectory(encodeUtf8(text)), ({ entries }) => ({
        entries: entries.map(({ username, addresses }) => ({ username, addresses })),
      }));
    expect(entriesOf(vector.text)).toEqual(vector);
  });
  test('there are as many cases as there were', () => {
    const { usernames, passwords, addresses, files } = vectors;
    expect([usernames, passwords, addresses, files].map((cases) => cases.length)).toEqual([18, 11, 22, 29]);
  });
});
