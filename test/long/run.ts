// Runs the long parts one after the other: node test/long/run.ts [part…] [--seed N] [--scale X]
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Figures, LongPart } from './part.ts';
import { parts } from './parts.ts';
import { writeResult } from './results.ts';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string', default: '1' }, scale: { type: 'string', default: '1' } },
  });
  const options = { seed: Number(values.seed), scale: Number(values.scale) };
  const names = positionals.length > 0 ? positionals : Object.keys(parts);
  const unknown = names.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0 || !Number.isInteger(options.seed) || !(options.scale > 0)) {
    console.error(`usage: node test/long/run.ts [part…] [--seed N] [--scale X]`);
    console.error(`parts: ${Object.keys(parts).join(' ')}`);
    process.exitCode = 2;
    return;
  }
  let failed = 0;
  for (const name of names) if (!(await runPart(name, options))) failed += 1;
  console.log(`${names.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function runPart(
  name: string,
  options: { readonly seed: number; readonly scale: number },
): Promise<boolean> {
  const started = performance.now();
  const log = (line: string): void =>
    console.log(`[${name} ${Math.round((performance.now() - started) / 1_000)} s] ${line}`);
  const { part, outcome } = await attempt(name, { ...options, log });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  log(`${outcome.ok ? 'passed' : 'FAILED'} ${JSON.stringify(outcome.figures)}`);
  writeResult({
    part: name,
    description: part?.description ?? '',
    date: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    commit: commit(),
    node: process.version,
    cores: availableParallelism(),
    ...options,
    seconds,
    ok: outcome.ok,
    figures: outcome.figures,
  });
  return outcome.ok;
}

/** A part that throws has failed; the others still run. */
async function attempt(
  name: string,
  options: Parameters<LongPart['run']>[0],
): Promise<{ readonly part: LongPart | undefined; readonly outcome: Figures }> {
  let part: LongPart | undefined;
  try {
    part = (await parts[name]?.())?.part;
    if (part === undefined) throw new Error(`there is no part ${name}`);
    options.log(`${part.description} (seed ${options.seed}, scale ${options.scale})`);
    return { part, outcome: await part.run(options) };
  } catch (error) {
    console.error(error);
    return {
      part,
      outcome: { ok: false, figures: { thrown: error instanceof Error ? error.name : 'value' } },
    };
  }
}

/** The commit that ran, with a mark when tracked files differ from it. */
function commit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':/src', ':/test');
  return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+');
}

await main();
