import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..');

/** What is started: the same Node each time. The built program is timed when there is one. */
const STARTS: Readonly<Record<string, readonly string[]>> = {
  nodeMs: ['-e', '0'],
  ...(existsSync(join(PROJECT, 'dist/program/main.cjs')) ? { builtMs: ['bin/sotto.cjs', '--version'] } : {}),
  sourceMs: ['src/main.ts', '--version'],
};

/** Wall time from start to exit, each once, `turn` says who goes first. In ms. */
export function timeStarts(turn: number): Readonly<Record<string, number>> {
  const names = Object.keys(STARTS);
  const times: Record<string, number> = {};
  for (let n = 0; n < names.length; n++) {
    const name = names[(n + turn) % names.length] ?? '';
    const begin = performance.now();
    const { status } = spawnSync(process.execPath, STARTS[name] ?? [], { cwd: PROJECT, stdio: 'ignore' });
    if (status !== 0) throw new Error(`node ${STARTS[name]?.join(' ')} ended with ${status}`);
    times[name] = performance.now() - begin;
  }
  return times;
}
