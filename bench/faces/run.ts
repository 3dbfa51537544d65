// How fast the faces of a running Sotto are: a command from its start to its end, a call over the socket, fifty clients at once.
// See bench/README.md.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { timeCalls } from './calls.ts';
import { press } from './crowd.ts';
import { LAUNCHER, Pair } from './pair.ts';
import { describe, keep, type Figures } from './report.ts';
import { timeStarts } from './starts.ts';

const COMPLETE = { starts: 101, calls: 1_000, seconds: 10 };

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const effort = values.quick ? { starts: 15, calls: 200, seconds: 2 } : COMPLETE;

async function measure(folder: string): Promise<Figures> {
  const pair = await Pair.start(folder);
  try {
    process.stderr.write('starts\n');
    const starts = timeStarts(pair, effort.starts);
    process.stderr.write('calls\n');
    const calls = await timeCalls(pair, effort.calls);
    process.stderr.write('fifty clients\n');
    return { ...starts, ...calls, ...(await press(pair, effort.seconds)) };
  } finally {
    pair.stop();
  }
}

if (!existsSync(join(LAUNCHER, '../../dist/program/main.cjs'))) throw new Error('npm run build comes first');
const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-faces-'));
try {
  const figures = await measure(folder);
  const report = describe(figures);
  process.stdout.write(`\n${report}`);
  if (!values.quick) keep(figures, report);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
