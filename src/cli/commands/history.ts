import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import type {
  Chat,
  ChatEvent,
  HistoryEntry,
  HistoryPage,
  HistoryQuery,
  MessageId,
  OutgoingState,
} from '../../api/index.ts';
import { historyToJson, progressToJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { parseMoment } from '../settings/duration.ts';
import { describeProgress } from '../words/describe.ts';
import { HistoryLines } from '../words/history-lines.ts';
import { PAGED_FLAGS, withHome } from '../home/open-home.ts';
import { pageOutput } from '../terminal/pager.ts';
import { historyPages } from '../lookup/pages.ts';
import { pastName } from '../lookup/past-name.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, type Settings } from '../settings/settings.ts';

const DEFAULT_LIMIT = 50;
/** The largest page that a chat gives. */
const LIMIT_MAX = 1000;

const EXAMPLES = `Examples:
  sotto history bob                       the newest 50
  sotto history bob --before 1234         the 50 before that position
  sotto history --since 2d --all          everything of the last two days
  sotto history --search 'green buil'     words, or how they begin
  sotto history bob --follow --json       and what comes, and becomes of what was shown

`;

export interface HistoryFlags {
  readonly limit?: number | undefined;
  readonly before?: number | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly search?: string | undefined;
  readonly all?: true | undefined;
  readonly follow?: true | undefined;
  readonly ids?: true | undefined;
}

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Shows what was said, oldest first: with NAME, or with everybody. Times are local; --json has them in UTC.',
    )
    .argument('[name]', 'a contact, also one who is no longer in the directory')
    .option(
      '--limit <number>',
      `how many at most, the newest of them (default ${DEFAULT_LIMIT})`,
      wholeNumber,
    )
    .option('--before <position>', 'only what lies before this position', wholeNumber)
    .option('--since <time>', 'only from then on: 2d, 2026-11-01, 2026-11-01T09:30')
    .option('--until <time>', 'only until then')
    .option('--search <words>', 'only texts with all of these words, or words that begin so')
    .option('--all', 'everything that fits, instead of a page')
    .option('--follow', 'then what comes and goes, until stopped; needs a Sotto that runs')
    .option('--ids', 'show ids, for sotto delete')
    .addHelpText('before', EXAMPLES)
    .action(async (name, flags, self) => {
      const query = parseQuery(flags);
      await withHome(self, context, 'offline', async (chat, settings) => {
        if (flags.follow !== true) pageOutput(settings, context);
        const peer = name === undefined ? undefined : await pastName(chat, name);
        const whole = { ...query, ...(peer !== undefined && { with: peer }) };
        await new HistoryView(chat, whole, flags, settings, context).show();
      });
    });
  addGlobalFlags(command, PAGED_FLAGS);
}

class HistoryView {
  readonly #chat: Chat;
  readonly #query: HistoryQuery;
  readonly #flags: HistoryFlags;
  readonly #settings: Settings;
  readonly #context: CliContext;
  readonly #lines: HistoryLines;
  /** Everything up to this position has been shown. */
  #last = 0;
  /** How the texts that were shown and are not settled were shown. */
  readonly #unsettled = new Map<MessageId, OutgoingState['state']>();

  constructor(chat: Chat, query: HistoryQuery, flags: HistoryFlags, settings: Settings, context: CliContext) {
    this.#chat = chat;
    this.#query = query;
    this.#flags = flags;
    this.#settings = settings;
    this.#context = context;
    this.#lines = new HistoryLines({ withIds: flags.ids === true });
  }

  async show(): Promise<void> {
    const { signal, output } = this.#context;
    const until = AbortSignal.any([signal, output.closed]);
    // Heard from before the first look: what comes between them is looked at once more.
    const news =
      this.#flags.follow === true
        ? new News(this.#chat.events({ signal: until }), (id) => this.#unsettled.has(id))
        : undefined;
    const newest = (await this.#chat.history({ limit: 1 })).entries.at(-1)?.position ?? 0;
    const page = this.#flags.all === true ? undefined : await this.#chat.history(this.#query);
    if (page) await this.#print(page.entries);
    else await this.#showAfter(0);
    if (!this.#settings.json) this.#sayMore(page?.older);
    this.#last = Math.max(this.#last, newest);
    if (!news) return;
    if (this.#chat.self.listening.length === 0) throw nothingToFollow();
    await this.#follow(news);
  }

  /** An event only says that there may be more; what it is, and that it is shown once, the positions tell. */
  async #follow(news: News): Promise<void> {
    const { signal, output } = this.#context;
    do {
      const progress = news.take();
      await this.#showAfter(this.#last);
      for (const event of progress) this.#printProgress(event);
      await output.drained();
    } while (await news.next());
    await this.#showAfter(this.#last);
    signal.throwIfAborted();
    if (!output.closed.aborted) throw nothingToFollow();
  }

  /** Of a text that was shown: what became of it. States do not go back; an event that is late does. */
  #printProgress({ id, to, progress }: Progress): void {
    const shown = this.#unsettled.get(id);
    if (shown === undefined || RANK[progress.state] <= RANK[shown]) return;
    this.#note(id, progress.state);
    const { output } = this.#context;
    if (this.#settings.json) output.json(progressToJson({ type: 'message-progress', id, to, progress }));
    else for (const line of describeProgress(to, progress, 'shell')) output.data(line.text, line.style);
  }

  /** What may still change is remembered: no more than waits in the outbox. */
  #note(id: MessageId, state: OutgoingState['state'] | undefined): void {
    if (state === 'queued' || state === 'sent') this.#unsettled.set(id, state);
    else this.#unsettled.delete(id);
  }

  async #showAfter(after: number): Promise<void> {
    const { limit: _limit, before: _before, ...query } = this.#query;
    for await (const entries of historyPages(this.#chat, { ...query, after })) {
      await this.#print(entries);
      if (this.#context.output.closed.aborted || this.#context.signal.aborted) return;
    }
  }

  async #print(entries: readonly HistoryEntry[]): Promise<void> {
    const { output } = this.#context;
    for (const entry of entries) {
      if (this.#settings.json) output.json(historyToJson(entry));
      else for (const line of this.#lines.of(entry)) output.data(line.text, line.style);
      this.#last = entry.position;
      if (this.#flags.follow === true) this.#note(entry.id, entry.outcome?.state);
    }
    await output.drained();
  }

  #sayMore(older: HistoryPage['older']): void {
    const { output } = this.#context;
    if (older !== undefined) output.note(`· older ones: --before ${older}, or --all`, 'dim');
    else if (this.#last === 0 && this.#flags.follow !== true) output.note(nothingWords(this.#query.search));
  }
}

/** Why nothing is shown. */
export function nothingWords(search: string | undefined): string {
  return search === undefined ? 'nothing was said' : `no text matches “${search}”`;
}

type Progress = Extract<ChatEvent, { type: 'message-progress' }>;

const RANK: Readonly<Record<OutgoingState['state'], number>> = {
  queued: 0,
  sent: 1,
  delivered: 2,
  refused: 2,
  failed: 2,
  cancelled: 2,
  expired: 2,
};

/** States of texts that are not shown yet: more than one page of them can be under way. */
const UNSHOWN_MAX = 1000;

/** Takes events as they come, however long the showing lasts: that there were some, and the last state of what was shown. */
class News {
  readonly #isShown: (id: MessageId) => boolean;
  #progress = new Map<MessageId, Progress>();
  #isNew = false;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(events: AsyncIterable<ChatEvent>, isShown: (id: MessageId) => boolean) {
    this.#isShown = isShown;
    this.#take(events)
      // That the running program is gone is said by the command; there is nothing to add.
      .catch(() => undefined)
      .finally(() => {
        this.#isOver = true;
        this.#wake();
      });
  }

  /** Resolves to true as soon as something has come since the last call, and to false when nothing can come any more. */
  async next(): Promise<boolean> {
    while (!this.#isNew && !this.#isOver) await new Promise<void>((resolve) => (this.#wake = resolve));
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  take(): Iterable<Progress> {
    const taken = this.#progress.values();
    this.#progress = new Map();
    return taken;
  }

  async #take(events: AsyncIterable<ChatEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type !== 'message-received' && event.type !== 'message-progress') continue;
      // What is not shown yet is read with its state, or is being read at this moment.
      if (event.type === 'message-progress' && (this.#isShown(event.id) || this.#progress.size < UNSHOWN_MAX))
        this.#progress.set(event.id, event);
      this.#isNew = true;
      this.#wake();
    }
  }
}

function parseQuery(flags: HistoryFlags): HistoryQuery {
  const { limit, before, since, until, search, all, follow } = flags;
  if (all === true && (limit !== undefined || before !== undefined))
    throw usageError('--all excludes --limit and --before');
  if (follow === true && (before !== undefined || until !== undefined))
    throw usageError('--follow excludes --before and --until');
  if (limit !== undefined && (limit < 1 || limit > LIMIT_MAX))
    throw usageError(`--limit is not between 1 and ${LIMIT_MAX}: ${limit}`, '--all has no limit.');
  return {
    limit: limit ?? DEFAULT_LIMIT,
    ...(before !== undefined && { before }),
    ...(search !== undefined && { search }),
    ...parseTimes({ since, until }),
  };
}

/** `--since` and `--until`, by the clock at the start. */
export function parseTimes(flags: {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}): Pick<HistoryQuery, 'sinceWall' | 'untilWall'> {
  const nowWall = Date.now();
  const sinceWall = flags.since === undefined ? undefined : parseMoment(flags.since, '--since', nowWall);
  const untilWall = flags.until === undefined ? undefined : parseMoment(flags.until, '--until', nowWall);
  if (sinceWall !== undefined && untilWall !== undefined && untilWall < sinceWall)
    throw usageError('--until lies before --since', 'Both say how long ago, or when: --since 3d --until 2d');
  return { ...(sinceWall !== undefined && { sinceWall }), ...(untilWall !== undefined && { untilWall }) };
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number.');
}

function nothingToFollow(): CodedError {
  return new CodedError({
    code: 'control-unusable',
    message: 'no Sotto runs with this home, so nothing new can come',
    hint: 'Start sotto or sotto listen, and follow beside it.',
  });
}
