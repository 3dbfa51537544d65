import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For the environment of programs under test: Node keeps compiled modules there, which is more than half of a start. */
export const COMPILE_CACHE: { readonly NODE_COMPILE_CACHE: string } = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
};
