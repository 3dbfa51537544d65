import { readFileSync } from 'node:fs';

/** A JSON file below spec/. */
export const specFile = (path: string): unknown => JSON.parse(specText(path));

export const specText = (path: string): string =>
  readFileSync(new URL(`../../spec/${path}`, import.meta.url), 'utf8');
