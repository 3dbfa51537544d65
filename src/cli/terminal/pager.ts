import type { Writable } from 'node:stream';
import { configPath, openConfig } from '../settings/config-file.ts';
import { SETTINGS, variableOf } from '../settings/setting.ts';
import type { CliContext, Environment } from '../context.ts';
import type { Settings } from '../settings/settings.ts';

/** A program that shows long output a screen at a time. */
export interface Pager {
  readonly input: Writable;
  /** What a shell would say that it exited with. Never rejects. */
  readonly ended: Promise<number>;
  stop(): void;
}

export type OpenPager = (command: string, env: Environment) => Pager;

/** What fits on the screen is left there, and nothing waits for a key. */
const DEFAULT_PAGER = 'if command -v less >/dev/null; then exec less -FRX; else exec cat; fi';

/** Lets a pager show what the command writes: on a terminal only, and only to a person who wants one. */
export function pageOutput(
  { plain, json, pager }: Pick<Settings, 'plain' | 'json' | 'pager'>,
  { env, stdio, output, openPager }: CliContext,
): void {
  const command = pager ?? env['PAGER'] ?? DEFAULT_PAGER;
  if (plain || json || openPager === undefined || stdio.stdout.isTTY !== true) return;
  if (command === false || command.trim() === '' || command.trim() === 'cat') return;
  output.page(() => openPager(command, env));
}

/** As pageOutput, where no settings are read: a mistake in them must not stop help. */
export function pageHelp(argv: readonly string[], context: CliContext): void {
  const { env } = context;
  const { settings } = openConfig(configPath(env));
  const said = (key: 'plain' | 'pager'): string =>
    (env[variableOf(key)] ?? '') || (settings.get(key)?.text ?? '');
  const isPlain =
    argv.includes('--plain') || env['TERM'] === 'dumb' || ['1', 'yes', 'true'].includes(said('plain'));
  const text = argv.includes('--no-pager') ? 'off' : said('pager');
  const pager = text === '' ? {} : { pager: SETTINGS.pager.parse({ text, source: 'pager' }) };
  pageOutput({ plain: isPlain, json: false, ...pager }, context);
}

/** By the shell, as everybody runs a pager; it has the terminal to itself until it ends. */
export function spawnPager(command: string, env: Environment): Pager {
  // Loaded for those who page only.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { constants } = process.getBuiltinModule('node:os');
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['pipe', 'inherit', 'inherit'],
    // Of a pager that is less and has no options of its own.
    env: { LESS: 'FRX', ...env },
  });
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  child.on('error', () => resolve(127));
  child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  return { input: child.stdin, ended, stop: () => void child.kill('SIGTERM') };
}
