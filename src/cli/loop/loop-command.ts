import { MUTED_FOR_GOOD, type HistoryQuery, type OutgoingView } from '../../api/index.ts';
import { closest } from '../words/closest.ts';
import { nothingWords } from '../commands/history.ts';
import { checkFingerprint } from '../commands/trust.ts';
import { findContact, safetyLines } from '../commands/verify.ts';
import { knownNames } from '../lookup/contact-name.ts';
import { contactLines, mutedWords } from '../words/contact-words.ts';
import { clock, plural, waitingWords } from '../words/describe.ts';
import { parseUntil } from '../settings/duration.ts';
import { findMessage } from '../lookup/find-message.ts';
import { HistoryLines } from '../words/history-lines.ts';
import { shortId } from '../lookup/message-id.ts';
import { outgoingLines } from '../outbox/list.ts';
import { findWanted, leftWords, tooLateWords, type Wanted } from '../outbox/withdrawal.ts';
import { outboxPages } from '../lookup/pages.ts';
import { usageError } from '../report-error.ts';
import type { Style } from '../terminal/output.ts';
import type { Conversation } from './conversation.ts';
import { parseNames, type Intent } from './parse-line.ts';

interface LoopCommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly run: (talk: Conversation, words: readonly string[], rest: string) => Promise<void>;
}

export const LOOP_COMMANDS: readonly LoopCommand[] = [
  { name: 'help', usage: '/help', summary: 'this list', run: help },
  { name: 'who', usage: '/who', summary: 'everyone in the directory and how they are', run: who },
  {
    name: 'to',
    usage: '/to [NAME…]',
    summary: 'send to NAME from now on; without a name: ask again',
    run: to,
  },
  {
    name: 'reply',
    usage: '/reply [#ID] TEXT',
    summary: 'answer what came last, or the message ID, and quote it',
    run: reply,
  },
  {
    name: 'mute',
    usage: '/mute NAME [TIME]',
    summary: 'make no noise for NAME, for 8h, 2d or until /unmute',
    run: mute,
  },
  { name: 'unmute', usage: '/unmute NAME', summary: 'make noise again', run: unmute },
  {
    name: 'verify',
    usage: '/verify NAME [confirm]',
    summary: 'the safety number to compare with NAME',
    run: verify,
  },
  {
    name: 'trust',
    usage: '/trust NAME [DIGITS|repair|forgive]',
    summary: 'what waits; approve, pair again, forget attempts',
    run: trust,
  },
  { name: 'retry', usage: '/retry NAME', summary: 'try now what is not delivered to NAME', run: retry },
  {
    name: 'cancel',
    usage: '/cancel [NAME|ID]',
    summary: 'withdraw the newest text that waits, all to NAME, or one',
    run: cancel,
  },
  { name: 'outbox', usage: '/outbox [NAME]', summary: 'what waits, and why', run: outbox },
  {
    name: 'history',
    usage: '/history [NAME] [COUNT]',
    summary: 'what was said before, the newest 20',
    run: history,
  },
  {
    name: 'search',
    usage: '/search WORDS',
    summary: 'texts with these words, or how they begin',
    run: search,
  },
];

/** As much as fits a screen beside what is there. */
const LINES_DEFAULT = 20;
const LINES_MAX = 1000;

/** Rejects with `usage` for an unknown command, and with whatever the command rejects with. */
export async function runLoopCommand(
  talk: Conversation,
  { name, words, rest }: Extract<Intent, { type: 'command' }>,
): Promise<void> {
  const command = LOOP_COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command.run(talk, words, rest);
  const meant = closest(name, [...LOOP_COMMANDS.map((candidate) => candidate.name), 'quit']);
  throw usageError(
    `there is no command /${name}`,
    meant === undefined
      ? '/help lists them. Begin with // to send a text that starts with a slash.'
      : `Did you mean /${meant}? Begin with // to send a text that starts with a slash.`,
  );
}

async function help(talk: Conversation): Promise<void> {
  say(
    talk,
    'Type a text and press Enter. “@bob text” says at once for whom; “@bob,@carol text” sends to each.',
  );
  const rows = [...LOOP_COMMANDS, { usage: '/quit', summary: 'leave (also Ctrl-D); Ctrl-C leaves at once' }];
  for (const { usage, summary } of rows) say(talk, `  ${usage.padEnd(37)}${summary}`);
}

async function who(talk: Conversation): Promise<void> {
  const contacts = await talk.chat.contacts();
  say(talk, `you are ${talk.chat.self.username}`);
  for (const line of contactLines(contacts, Date.now(), '  ')) talk.screen.say(line);
  if (contacts.length === 0) say(talk, '  nobody else is in the directory: sotto directory add NAME');
}

async function to(talk: Conversation, words: readonly string[]): Promise<void> {
  talk.open(await knownNames(talk.chat, parseNames(words.join(' '), talk.names)));
  say(
    talk,
    talk.fixed.length === 0
      ? '· each text asks for whom it is'
      : `· texts go to ${talk.fixed.join(', ')} from now on; /to ends that`,
  );
}

async function reply(talk: Conversation, _words: readonly string[], rest: string): Promise<void> {
  const [, id, text = ''] = /^(?:#(\S+)\s+)?([\s\S]*)$/.exec(rest) ?? [];
  const message = id === undefined ? talk.answerable : await findMessage(talk.chat, id);
  if (!message)
    throw usageError('nothing has come that could be answered', '/reply #ID TEXT answers an older message.');
  if (text === '') throw usageError('the text is missing', '/reply [#ID] TEXT');
  await talk.reply(message, text);
}

async function mute(talk: Conversation, words: readonly string[]): Promise<void> {
  const name = await oneName(talk, words, '/mute NAME [TIME]');
  const nowWall = Date.now();
  const until = words.slice(1).join(' ');
  const untilWall = until === '' ? MUTED_FOR_GOOD : parseUntil(until, 'the time', nowWall);
  await talk.chat.mute({ name, untilWall });
  say(talk, `· ${name} is ${mutedWords(untilWall, nowWall)}`);
}

async function unmute(talk: Conversation, words: readonly string[]): Promise<void> {
  const name = await oneName(talk, words, '/unmute NAME');
  await talk.chat.mute({ name, untilWall: 0 });
  say(talk, `· ${name} is not muted`);
}

async function verify(talk: Conversation, words: readonly string[]): Promise<void> {
  const name = await oneName(talk, words, '/verify NAME');
  if (words[1] !== undefined && words[1] !== 'confirm') throw usageError(`“${words[1]}” is not “confirm”`);
  if (words[1] === 'confirm') {
    await talk.chat.markVerified(name);
    say(talk, `· the key of ${name} is verified`, 'good');
    return;
  }
  await showSafety(talk, name);
}

async function trust(talk: Conversation, words: readonly string[]): Promise<void> {
  const name = await oneName(talk, words, '/trust NAME [DIGITS|repair|forgive]');
  const decision = words.slice(1).join(' ');
  if (decision === '') return showSafety(talk, name);
  if (decision === 'repair') {
    const { untilWall } = await talk.chat.openRepair(name);
    say(talk, `· ${name} may pair again until ${clock(untilWall)}`, 'good');
    return;
  }
  if (decision === 'forgive') {
    await talk.chat.forgiveGuesses(name);
    say(talk, `· the failed attempts as ${name} are forgotten`, 'good');
    return;
  }
  await talk.chat.approveKey({ name, fingerprint: checkFingerprint(decision) });
  say(talk, `· the new key of ${name} is trusted from now on`, 'good');
}

async function retry(talk: Conversation, words: readonly string[]): Promise<void> {
  const name = await oneName(talk, words, '/retry NAME');
  await talk.chat.retry(name);
  const undelivered = (await findContact(talk.chat, name))?.undelivered ?? 0;
  say(
    talk,
    undelivered === 0
      ? `· nothing waits for ${name}`
      : `· trying ${name} now: ${waitingWords(undelivered, name)}`,
    'dim',
  );
}

async function cancel(talk: Conversation, words: readonly string[]): Promise<void> {
  const [word] = words;
  if (word !== undefined && (talk.names.includes(word) || !/^[\da-f-]{6,}$/i.test(word))) {
    const name = await oneName(talk, words, '/cancel [NAME|ID]');
    const count = await talk.chat.cancelAll(name);
    return say(talk, `· withdrawn: ${plural(count, 'text')} to ${name}`);
  }
  const [wanted] = word === undefined ? [await newestWaiting(talk)] : await findWanted(talk.chat, [word]);
  if (wanted === undefined) return say(talk, '· nothing waits');
  if (wanted.type === 'past') return say(talk, `· ${tooLateWords(wanted.message)}`);
  const { id, to } = wanted.message;
  const isShown = talk.isOwn(id);
  if (!(await talk.chat.cancel(id))) say(talk, `· ${leftWords(id, to)}`);
  else if (!isShown) say(talk, `· withdrawn: ${shortId(id)}`);
}

async function newestWaiting(talk: Conversation): Promise<Wanted | undefined> {
  let newest: Pick<OutgoingView, 'id' | 'to'> | undefined = talk.newestOpen;
  if (!newest) for await (const page of outboxPages(talk.chat)) newest = page.at(-1);
  return newest && { type: 'waiting', message: newest };
}

async function outbox(talk: Conversation, words: readonly string[]): Promise<void> {
  const to = words.length === 0 ? undefined : await oneName(talk, words, '/outbox [NAME]');
  const page = await talk.chat.outbox({ limit: LINES_DEFAULT, ...(to !== undefined && { to }) });
  for (const message of page.messages) for (const line of outgoingLines(message, Date.now())) say(talk, line);
  if (page.total === 0) say(talk, '· nothing waits');
  else if (page.total > page.messages.length)
    say(talk, `· and ${page.total - page.messages.length} more: sotto outbox lists them all`);
}

async function history(talk: Conversation, words: readonly string[]): Promise<void> {
  const last = words.at(-1) ?? '';
  const isCounted = /^\d+$/.test(last) && !talk.names.includes(last);
  const named = isCounted ? words.slice(0, -1) : words;
  const peer = named.length === 0 ? talk.onlyFixed : await oneName(talk, named, '/history [NAME] [COUNT]');
  const limit = isCounted ? Math.min(Math.max(1, Number(last)), LINES_MAX) : LINES_DEFAULT;
  await showHistory(talk, { limit, ...(peer !== undefined && { with: peer }) });
}

async function search(talk: Conversation, words: readonly string[]): Promise<void> {
  if (words.length === 0) throw usageError('the words are missing', '/search WORDS');
  await showHistory(talk, { limit: LINES_DEFAULT, search: words.join(' ') });
}

async function showHistory(talk: Conversation, query: HistoryQuery): Promise<void> {
  const page = await talk.chat.history(query);
  const lines = new HistoryLines();
  for (const entry of page.entries) for (const line of lines.of(entry)) talk.screen.say(line);
  if (page.entries.length === 0) say(talk, `· ${nothingWords(query.search)}`);
  else if (page.older !== undefined) say(talk, '· there is more: sotto history shows it', 'dim');
}

async function showSafety(talk: Conversation, name: string): Promise<void> {
  const lines = safetyLines(await talk.chat.safety(name), await findContact(talk.chat, name), 'loop');
  for (const line of lines) talk.screen.say(line);
}

async function oneName(talk: Conversation, words: readonly string[], usage: string): Promise<string> {
  const [name] = parseNames(words[0] ?? '', talk.names);
  if (name === undefined) throw usageError('a name is missing', usage);
  const [known = name] = await knownNames(talk.chat, [name]);
  return known;
}

function say(talk: Conversation, text: string, style: Style = 'plain'): void {
  talk.screen.say({ text, style });
}
