import { open, rm, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from '@commander-js/extra-typings';
import type { Chat, HistoryEntry, HistoryQuery } from '../../api/index.ts';
import { historyToJson } from '../../api/to-json/index.ts';
import { CodedError, systemCode, systemReason, toJsonLine, toSafeText } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../words/describe.ts';
import { HistoryLines } from '../words/history-lines.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { historyPages } from '../lookup/pages.ts';
import { pastName } from '../lookup/past-name.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags } from '../settings/settings.ts';
import { parseTimes } from './history.ts';

const EXAMPLES = `Examples:
  sotto export --output everything.txt
  sotto export bob --format jsonl --since 2026-11-01 --output bob.jsonl
  sotto export bob | less

`;

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Writes everything that was said, readable for everybody who can read the file: with NAME, or with all.',
    )
    .argument('[name]', 'a contact, also one who is no longer in the directory')
    .addOption(
      new Option('--format <format>', 'text for people, jsonl for programs: one object a line, exact')
        .choices(['text', 'jsonl'] as const)
        .default('text' as const),
    )
    .option('--output <file>', 'a new file, 0600; - is stdout', '-')
    .option('--since <time>', 'only from then on: 30d, 2026-11-01, 2026-11-01T09:30')
    .option('--until <time>', 'only until then')
    .addHelpText('before', EXAMPLES)
    .action(async (name, { format, output, ...times }, self) => {
      const query = parseTimes(times);
      await withHome(self, context, 'offline', async (chat, settings) => {
        const peer = name === undefined ? undefined : await pastName(chat, name);
        const whole: HistoryQuery = { ...query, ...(peer !== undefined && { with: peer }) };
        const encode = settings.json || format === 'jsonl' ? toJsonl : textEncoder();
        if (output === '-') return exportToStdout(chat, whole, encode, context);
        const path = resolve(output);
        const count = await exportToFile(chat, whole, encode, path, context.signal);
        if (settings.json) context.output.json({ type: 'exported', count, file: path });
        else context.output.note(`exported ${plural(count, 'message')} to ${path}`, 'good');
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}

type Encode = (entries: readonly HistoryEntry[]) => string;

function toJsonl(entries: readonly HistoryEntry[]): string {
  return entries.map((entry) => `${toJsonLine(historyToJson(entry))}\n`).join('');
}

/** Clean, as on a screen: the file may be shown on one. */
function textEncoder(): Encode {
  const lines = new HistoryLines({ withIds: false });
  return (entries) =>
    entries
      .flatMap((entry) => lines.of(entry))
      .map(({ text }) => `${toSafeText(text)}\n`)
      .join('');
}

async function exportToStdout(
  chat: Chat,
  query: HistoryQuery,
  encode: Encode,
  { stdio, output, signal }: CliContext,
): Promise<void> {
  for await (const entries of historyPages(chat, query)) {
    signal.throwIfAborted();
    if (output.closed.aborted) return;
    stdio.stdout.write(encode(entries));
    await output.drained();
  }
}

/** A file that is not whole is not left behind. */
async function exportToFile(
  chat: Chat,
  query: HistoryQuery,
  encode: Encode,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const file = await create(path);
  let count = 0;
  try {
    for await (const entries of historyPages(chat, query)) {
      signal.throwIfAborted();
      await file.write(encode(entries)).catch(cannotWrite(path));
      count += entries.length;
    }
    await file.sync().catch(cannotWrite(path));
    await file.close();
    return count;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw usageError(`${path} is there already`, 'An export overwrites nothing: give another file.');
    return cannotWrite(path)(error);
  }
}

function cannotWrite(path: string): (error: unknown) => never {
  return (error) => {
    const isFull = ['ENOSPC', 'EDQUOT'].includes(systemCode(error));
    const code = isFull ? 'disk-full' : 'file-unusable';
    throw new CodedError(
      { code, message: `${path} cannot be written: ${systemReason(error)}` },
      { cause: error },
    );
  };
}
