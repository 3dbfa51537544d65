import { mkdirSync, writeFileSync } from 'node:fs';
import { makeGolden } from './golden.ts';
import type { KitFile } from './kit/case.ts';
import { makeKit } from './kit/index.ts';

// Writes what this implementation makes into spec/: `node test/reference/make-vectors.ts`.

const SPEC = new URL('../../spec/', import.meta.url);

export const goldenText = (): string => asAscii(`${JSON.stringify(makeGolden(), null, 1)}\n`);

/** The text of each file of spec/kit by its name, a case a line. */
export const kitTexts = (): ReadonlyMap<string, string> =>
  new Map([...makeKit()].map(([name, file]) => [name, asAscii(kitText(file))]));

function kitText({ description, cases }: KitFile): string {
  const lines = cases.map((kitCase) => JSON.stringify(kitCase));
  return `{"description":${JSON.stringify(description)},"cases":[\n${lines.join(',\n')}\n]}\n`;
}

/** Escapes what a reader could not see or tell apart. */
const asAscii = (json: string): string =>
  json.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

if (import.meta.main) {
  mkdirSync(new URL('kit/', SPEC), { recursive: true });
  writeFileSync(new URL('vectors/golden.json', SPEC), goldenText());
  for (const [name, text] of kitTexts()) writeFileSync(new URL(`kit/${name}`, SPEC), text);
}
