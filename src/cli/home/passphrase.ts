import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError, encodeUtf8, systemCode, systemReason, wipe } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { shellWord } from '../words/describe.ts';
import type { Output } from '../terminal/output.ts';
import type { Prompter } from '../terminal/prompter.ts';
import { usageError } from '../report-error.ts';

/** Where a passphrase comes from when nobody types it: never from the command line or the environment, which others can read. */
export type PassphraseSource =
  | { readonly flag: string; readonly file: string }
  /** An open descriptor: each reading takes one line of it, so that two passphrases may come through the same one. */
  | { readonly flag: string; readonly descriptor: number };

const PASSPHRASE_BYTES_MAX = 1_024;
/** Who has a copy of the files can try without end, if slowly. */
const SHORT_PASSPHRASE = 12;

/** `flag` without its ending: `--passphrase` or `--new-passphrase`. Throws `usage`. */
export function passphraseSource(
  flag: string,
  file: string | undefined,
  descriptor: string | undefined,
): PassphraseSource | undefined {
  if (file !== undefined && descriptor !== undefined)
    throw usageError(`${flag}-file and ${flag}-fd exclude each other`);
  if (file === '-') return { flag: `${flag}-file`, descriptor: 0 };
  if (file !== undefined) return { flag: `${flag}-file`, file };
  if (descriptor === undefined) return undefined;
  if (!/^\d{1,6}$/.test(descriptor))
    throw usageError(`${flag}-fd is not a file descriptor: “${descriptor}”`, 'It is a number, such as 3.');
  return { flag: `${flag}-fd`, descriptor: Number(descriptor) };
}

/** Reads when it is called, and throws `usage` or `file-unusable` then; whoever gets the bytes overwrites them. */
export function passphraseReader(source: PassphraseSource, output: Output): () => Promise<Uint8Array> {
  return async () => {
    try {
      return 'file' in source
        ? await readFile(source.flag, source.file, output)
        : await readLine(source.flag, source.descriptor);
    } catch (error) {
      const code = systemCode(error);
      if (code === '') throw error;
      throw 'descriptor' in source && code !== 'EIO' ? notOpen(source) : unreadable(source, error);
    }
  };
}

/** npm, for one, passes none on but the first three; what else has such a number is the runtime's own. */
function notOpen({ flag, descriptor }: PassphraseSource & { readonly descriptor: number }): CodedError {
  return usageError(
    `${flag}: no descriptor ${descriptor} is open for reading`,
    `It must be one that the program is started with, which “npm run” does not pass on: give ${flag.replace(/fd$/, 'file')} there.`,
  );
}

function unreadable(source: PassphraseSource, cause: unknown): CodedError {
  const what = 'file' in source ? source.file : `descriptor ${source.descriptor}`;
  return new CodedError(
    { code: 'file-unusable', message: `${source.flag}: ${what} cannot be read: ${systemReason(cause)}` },
    { cause },
  );
}

async function readFile(flag: string, path: string, output: Output): Promise<Uint8Array> {
  const descriptor = openSync(path, 'r');
  try {
    warnOfReaders(path, fstatSync(descriptor), output);
    return await readLine(flag, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** As of the directory file: a secret that others can read protects nothing from them. */
function warnOfReaders(path: string, stats: Stats, output: Output): void {
  // Windows has other rights, and a pipe has no name that others could open.
  if (process.getuid === undefined || !stats.isFile() || (stats.mode & 0o044) === 0) return;
  output.note(`· others can read the passphrase in ${path}`, 'bad');
  output.note(`  Run: chmod 600 ${shellWord(path)}`);
}

/** Byte by byte into one buffer: what comes after the line is left for the next reading, and no string holds the secret. */
async function readLine(flag: string, descriptor: number): Promise<Uint8Array> {
  const line = new Uint8Array(PASSPHRASE_BYTES_MAX + 2);
  let length = 0;
  while ((await readByte(descriptor, line, length)) && line[length] !== 0x0a)
    if (++length === line.length) {
      wipe(line);
      throw usageError(`${flag}: a passphrase has at most 1 KiB`);
    }
  if (length > 0 && line[length - 1] === 0x0d) length--;
  const passphrase = line.slice(0, length);
  wipe(line);
  if (length === 0) throw usageError(`${flag}: its line is empty`);
  return passphrase;
}

/** What is nothing yet. */
const READ_AGAIN_MS = 10;

/** False at the end. A pipe that does not block, as stdin is one, has nothing as long as nobody has written. */
async function readByte(descriptor: number, into: Uint8Array, at: number): Promise<boolean> {
  for (;;)
    try {
      return readSync(descriptor, into, at, 1, null) === 1;
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
      await pause(READ_AGAIN_MS);
    }
}

/** For `ChatOptions.passphrase`, where a person sits: asks, hidden. */
export function askToUnlock({ prompter }: CliContext): () => Promise<Uint8Array> {
  return async () => askPresent('Passphrase of this home', prompter);
}

/** A person may mistype. */
const TRIES = 3;

/** Does again what asks a person for a passphrase, while that is wrong: three times in all. What a flag names is wrong once. */
export async function withTries<Done>(
  source: PassphraseSource | undefined,
  { output, prompter }: CliContext,
  unlock: () => Promise<Done>,
): Promise<Done> {
  for (let left = source || !prompter.canAsk ? 1 : TRIES; ; left--) {
    try {
      return await unlock();
    } catch (error) {
      const isWrong = error instanceof CodedError && error.code === 'passphrase-wrong';
      if (!isWrong || left === 1) throw error;
      output.failure(error.failure);
    }
  }
}

/** One that exists already: from its flags, or asked for once. Rejects with `locked` where neither is possible. */
export async function presentPassphrase(
  question: string,
  source: PassphraseSource | undefined,
  { prompter, output }: CliContext,
): Promise<Uint8Array> {
  if (source) return passphraseReader(source, output)();
  if (!prompter.canAsk)
    throw new CodedError({
      code: 'locked',
      message: 'there is no passphrase',
      hint: 'Give --passphrase-file FILE or --passphrase-fd N.',
    });
  return askPresent(question, prompter);
}

/** None is empty: Enter alone asks again. */
async function askPresent(question: string, prompter: Prompter): Promise<Uint8Array> {
  for (;;) {
    const typed = await prompter.secret(question);
    if (typed !== '') return encodeUtf8(typed);
  }
}

export interface NewPassphraseFlags {
  readonly newPassphraseFile?: string | undefined;
  readonly newPassphraseFd?: string | undefined;
}

/** A new one: from its flags, or asked for twice. Rejects with `usage` where neither is possible. */
export async function newPassphrase(
  question: string,
  flags: NewPassphraseFlags,
  context: CliContext,
): Promise<Uint8Array> {
  const source = passphraseSource('--new-passphrase', flags.newPassphraseFile, flags.newPassphraseFd);
  const passphrase = source
    ? await passphraseReader(source, context.output)()
    : await askTwice(question, context);
  if (passphrase.length < SHORT_PASSPHRASE)
    context.output.note('· that passphrase is short: whoever copies the files can try many');
  return passphrase;
}

async function askTwice(question: string, { prompter, output }: CliContext): Promise<Uint8Array> {
  if (!prompter.canAsk)
    throw usageError(
      'there is no new passphrase',
      'Give --new-passphrase-file FILE or --new-passphrase-fd N.',
    );
  for (;;) {
    const first = await prompter.secret(question);
    if (first === '') continue;
    if ((await prompter.secret('The same again')) === first) return encodeUtf8(first);
    output.note('The two are not the same.');
  }
}
