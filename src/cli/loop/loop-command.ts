import type { ContactView } from '../../api/index.ts';
import { closest } from '../closest.ts';
import { checkFingerprint } from '../commands/trust.ts';
import { findContact, safetyLines } from '../commands/verify.ts';
import { knownNames } from '../contact-name.ts';
import { clock, describeFailedGuesses, plural, sentence } from '../describe.ts';
import { usageError } from '../report-error.ts';
import type { Style } from '../output.ts';
import type { Conversation } from './conversation.ts';
import { parseNames } from './parse-line.ts';

interface LoopCommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly run: (talk: Conversation, words: readonly string[]) => Promise<void>;
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
    usage: '/cancel [NAME]',
    summary: 'withdraw the newest undelivered message, or all to NAME',
    run: cancel,
  },
];

/** Rejects with `usage` for an unknown command, and with whatever the command rejects with. */
export async function runLoopCommand(
  talk: Conversation,
  name: string,
  words: readonly string[],
): Promise<void> {
  const command = LOOP_COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command.run(talk, words);
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
  for (const contact of contacts) {
    say(talk, `  ${contact.name}  ${contactWords(contact).join(' · ')}`);
    const tried = describeFailedGuesses(contact);
    if (tried !== undefined) say(talk, `    ${tried}`, 'bad');
    if (contact.trouble) say(talk, `    ${sentence(contact.trouble)}`, 'bad');
  }
  if (contacts.length === 0) say(talk, '  nobody else is in the directory: sotto directory add NAME');
}

function contactWords(contact: ContactView): readonly string[] {
  const trust = {
    new: 'never met',
    unconfirmed: 'paired',
    pinned: 'key pinned',
    'key-pending': 'KEY CHANGED',
  };
  return [
    contact.connected ? 'connected' : 'not connected',
    contact.verified ? 'verified' : trust[contact.trust],
    ...(contact.undelivered > 0 ? [`${plural(contact.undelivered, 'message')} undelivered`] : []),
    ...(contact.lastSeenWall === undefined ? [] : [`last seen ${lastSeen(contact.lastSeenWall)}`]),
  ];
}

function lastSeen(wall: number): string {
  return Math.abs(wall) <= 8.64e15
    ? `${new Date(wall).toISOString().slice(0, 10)} ${clock(wall)}`
    : 'at no known time';
}

async function to(talk: Conversation, words: readonly string[]): Promise<void> {
  talk.fixed = await knownNames(talk.chat, parseNames(words.join(' '), talk.names));
  say(
    talk,
    talk.fixed.length === 0
      ? '· each text asks for whom it is'
      : `· texts go to ${talk.fixed.join(', ')} from now on; /to ends that`,
  );
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
  say(talk, `· trying ${name} now`, 'dim');
}

async function cancel(talk: Conversation, words: readonly string[]): Promise<void> {
  const all = await talk.chat.undelivered();
  const name = words.length === 0 ? undefined : await oneName(talk, words, '/cancel [NAME]');
  const chosen = name === undefined ? all.slice(-1) : all.filter((message) => message.to === name);
  if (chosen.length === 0) say(talk, '· nothing is undelivered');
  for (const message of chosen) await talk.chat.cancel(message.id);
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
