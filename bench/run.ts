// Sotto beside what others use: npm run bench. See README.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readOptions, USAGE, type Options } from './options.ts';
import { describe, keep } from './report.ts';
import { summarise, type Rounds, type Starts } from './results.ts';
import { runContender } from './run-contender.ts';
import type { Figures } from './scenarios.ts';
import { timeStarts } from './version-time.ts';

const START_PAIRS_MIN = 21;
const WITHOUT_PACKAGES: ReadonlySet<string> = new Set(['sotto', 'sotto-memory', 'raw', 'tls']);

/** Rounds rotate who goes first, so that a machine that slows down slows all of them. */
async function measure(options: Options): Promise<{ readonly rounds: Rounds; readonly starts: Starts }> {
  const { contenders, scenarios, effort, profileFolder } = options;
  const rounds: Record<string, (Figures | undefined)[]> = {};
  for (const name of contenders) rounds[name] = [];
  const starts: Readonly<Record<string, number>>[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (let n = 0; n < contenders.length && scenarios.length > 0; n++) {
      const contender = contenders[(n + round) % contenders.length] ?? '';
      process.stderr.write(`round ${round + 1} of ${options.rounds}: ${contender}\n`);
      const run = runContender({ contender, scenarios, effort, profileFolder });
      rounds[contender]?.push(await run.catch((error: unknown) => complain(contender, error)));
    }
    const pairs = options.isVersionTimed ? Math.ceil(START_PAIRS_MIN / options.rounds) : 0;
    for (let pair = 0; pair < pairs; pair++) starts.push(timeStarts(starts.length));
  }
  return { rounds, starts };
}

/** The others' figures are still worth having. */
function complain(contender: string, error: unknown): undefined {
  process.stderr.write(`${contender} failed: ${String(error)}\n`);
  process.exitCode = 1;
  return undefined;
}

function installPackages(): void {
  if (existsSync(join(import.meta.dirname, 'node_modules'))) return;
  process.stderr.write('installing what Sotto is compared with …\n');
  const command = 'npm ci --ignore-scripts --no-audit --no-fund --loglevel=error';
  execFileSync(command, { cwd: import.meta.dirname, stdio: ['ignore', 2, 2], shell: true });
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return void process.stdout.write(USAGE);
  const options = readOptions(process.argv.slice(2));
  if (options.contenders.some((name) => !WITHOUT_PACKAGES.has(name))) installPackages();
  if (options.profileFolder !== undefined) mkdirSync(options.profileFolder, { recursive: true });
  const { rounds, starts } = await measure(options);
  const results = summarise(rounds, starts);
  process.stdout.write(`\n${describe(results)}`);
  if (options.isComplete) process.stdout.write(`\nwritten: ${keep(results).join(', ')}\n`);
}

await main();
