// Opens homes with one flipped bit, one after the other; see flips.ts. argv: the setting; stdin: the jobs.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chat, HistoryEntry } from '../../src/api/index.ts';
import { CodedError } from '../../src/base/index.ts';
import { openChat } from '../../src/node/index.ts';

export interface FlipJob {
  readonly file: string;
  readonly offset: number;
  readonly bit: number;
}

export interface FlipOutcome extends FlipJob {
  readonly result:
    'detected' | 'harmless' | 'shortened' | 'altered' | 'gap' | 'crashed' | 'other-key' | 'not-set-aside';
  readonly detail: string;
}

/** What one opening showed. */
interface Look {
  readonly key?: string;
  readonly texts: ReadonlyMap<string, string>;
  /** Codes that were rejected with or told as trouble. */
  readonly codes: readonly string[];
}

const setting = JSON.parse(process.argv[2] ?? '{}') as {
  readonly folder: string;
  readonly port: number;
  readonly directory: string;
};
const sound = join(setting.folder, 'home');

async function look(home: string): Promise<Look> {
  const codes: string[] = [];
  const texts = new Map<string, string>();
  let key: string | undefined;
  try {
    const chat = await openChat(
      { directory: setting.directory, home, as: 'bob', port: setting.port, mode: 'offline' },
      {},
    );
    try {
      const watching = watch(chat, codes);
      key = chat.self.key;
      for await (const entry of everything(chat)) texts.set(entry.id, entry.text.exact());
      await chat.outbox();
      await chat.contacts();
      await chat.close();
      await watching;
    } finally {
      await chat.close();
    }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    codes.push(error.failure.code);
  }
  return { texts, codes, ...(key === undefined ? {} : { key }) };
}

async function* everything(chat: Chat): AsyncGenerator<HistoryEntry, undefined> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page = await chat.history({ after, limit: 100 });
    yield* page.entries;
    after = page.newer;
  }
  return undefined;
}

async function watch(chat: Chat, codes: string[]): Promise<void> {
  for await (const event of chat.events()) if (event.type === 'trouble') codes.push(event.reason.code);
}

function judge(before: Look, home: string, looks: readonly Look[]): Pick<FlipOutcome, 'result' | 'detail'> {
  const codes = looks.flatMap((seen) => seen.codes);
  const said = codes.join(' ');
  for (const seen of looks) {
    for (const [id, text] of seen.texts)
      if (before.texts.get(id) !== text) return { result: 'altered', detail: id };
    if (seen.key !== undefined && seen.key !== before.key) return { result: 'other-key', detail: said };
  }
  const isAside = readdirSync(home).some((name) => name.startsWith('sotto.db.damaged-'));
  const last = looks.at(-1);
  const isWhole = last?.texts.size === before.texts.size;
  // A log that lost its end says nothing itself: then nothing lies aside, and what is left is the beginning.
  const kept = [...before.texts.keys()].slice(0, last?.texts.size ?? 0);
  const isTail = kept.every((id) => last?.texts.has(id) === true);
  if (codes.length > 0 && !isWhole && !isTail && last?.key !== undefined && !isAside)
    return { result: 'not-set-aside', detail: said };
  if (codes.length > 0) return { result: 'detected', detail: said };
  if (isWhole) return { result: 'harmless', detail: '' };
  return { result: isTail ? 'shortened' : 'gap', detail: `${last?.texts.size} of ${before.texts.size}` };
}

async function attempt(job: FlipJob, before: Look): Promise<FlipOutcome> {
  const parent = mkdtempSync(join(tmpdir(), 'sotto-flip-'));
  const home = join(parent, 'home');
  try {
    cpSync(sound, home, { recursive: true });
    const path = join(home, job.file);
    const bytes = readFileSync(path);
    bytes[job.offset] = (bytes[job.offset] ?? 0) ^ (1 << job.bit);
    writeFileSync(path, bytes);
    const looks = [await look(home), await look(home)];
    return { ...job, ...judge(before, home, looks) };
  } catch (error) {
    return { ...job, result: 'crashed', detail: String(error) };
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

const jobs = JSON.parse(readFileSync(0, 'utf8')) as readonly FlipJob[];
const first = mkdtempSync(join(tmpdir(), 'sotto-flip-'));
cpSync(sound, join(first, 'home'), { recursive: true });
const before = await look(join(first, 'home'));
rmSync(first, { recursive: true });
if (before.texts.size === 0 || before.codes.length > 0) throw new Error('the sound home is not sound');
for (const job of jobs) writeSync(1, `${JSON.stringify(await attempt(job, before))}\n`);
