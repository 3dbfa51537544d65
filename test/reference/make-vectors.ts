import { mkdirSync, writeFileSync } from 'node:fs';
import { makeGolden } from './golden.ts';

// Writes what this implementation makes into spec/: `node test/reference/make-vectors.ts`.

const SPEC = new URL('../../spec/', import.meta.url);

/** The contents of each file that is made, by its path below spec/. */
export function madeFiles(): ReadonlyMap<string, string> {
  const values = new Map<string, unknown>([['vectors/golden.json', makeGolden()]]);
  return new Map([...values].map(([path, value]) => [path, asAscii(`${JSON.stringify(value, null, 1)}\n`)]));
}

/** Escapes what a reader could not see or tell apart. */
const asAscii = (json: string): string =>
  json.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

if (import.meta.main) {
  mkdirSync(new URL('kit/', SPEC), { recursive: true });
  for (const [path, text] of madeFiles()) writeFileSync(new URL(path, SPEC), text);
}
