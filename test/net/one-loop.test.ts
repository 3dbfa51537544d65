import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startListening, startSotto } from './sotto-process.ts';
import { openTown } from './town.ts';

// Accepting, dialling, many sessions, disk and screen on one event loop each: no worker threads, no child processes.

const SRC = join(import.meta.dirname, '../../src');
const OTHERS = /['"](?:node:)?(?:worker_threads|child_process|cluster)['"]/;
/** What they start is not Sotto's work: a command of the user's, a pager, systemctl; and a node in the background, once. */
const STARTERS = [
  'cli/listen/run-command.ts',
  'cli/service/systemd.ts',
  'cli/terminal/pager.ts',
  'node/launch.ts',
];

test('no source file names worker threads or a cluster, and child processes only where others’ programs are started', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?<!\.test)\.ts$/.test(path),
  );
  expect(files.length).toBeGreaterThan(100);
  const naming = files.filter((path) => OTHERS.test(readFileSync(join(SRC, path), 'utf8')));
  expect(naming.toSorted()).toEqual(STARTERS);
  for (const path of naming)
    expect(readFileSync(join(SRC, path), 'utf8')).not.toMatch(/worker_threads|cluster/);
  expect('import "node:worker_threads"').toMatch(OTHERS);
});

/** Writes a line for each worker that is started and each process that is spawned, by whomever. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { createHook } from 'node:async_hooks';
  createHook({ init(id, type) {
    if (/^(WORKER|PROCESSWRAP)$/.test(type)) process.stderr.write('STARTED ' + type + '\\n');
  } }).enable();
`)}`;

test('two processes that talk start neither a worker nor a process', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using bob = await startListening(town, 'bob');
  await using alice = startSotto(town, 'alice', ['send', 'bob', 'one loop each'], ['--import', WATCH]);
  expect(await alice.exitCode()).toBe(0);
  await bob.says('one loop each', 'stdout');
  expect(alice.stderr).not.toContain('STARTED');
});
