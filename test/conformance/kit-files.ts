import type { KitCase, KitFile } from '../reference/kit/case.ts';
import { specFile } from './spec-file.ts';

export const KIT_FILES = [
  '01-wire.json',
  '02-enrol.json',
  '02-session.json',
  '03-records.json',
  '03-session.json',
  '03-rekey.json',
  '04-envelope.json',
  'connections.json',
] as const;

export const kitCases = (name: (typeof KIT_FILES)[number]): readonly KitCase[] =>
  (specFile(`kit/${name}`) as KitFile).cases;

/** What a peer sent. */
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
