import { expect, test } from 'vitest';
import { judge } from '../reference/judge.ts';
import { kitTexts } from '../reference/make-vectors.ts';
import { KIT_FILES, kitCases } from './kit-files.ts';
import { specText } from './spec-file.ts';

test('spec/kit is what the reference implementation makes', () => {
  const made = kitTexts();

  expect([...made.keys()]).toStrictEqual(KIT_FILES);
  for (const [name, text] of made) expect(specText(`kit/${name}`) === text, name).toBe(true);
});

test.each(KIT_FILES)('the reference implementation gives the result of every case of spec/kit/%s', (name) => {
  for (const kitCase of kitCases(name)) expect(kitCase).toMatchObject(judge(kitCase));
});
