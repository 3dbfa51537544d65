import type { Command } from '@commander-js/extra-typings';
import type { Chat, ContactView, SafetyView } from '../../api/index.ts';
import { safetyToJson } from '../../api/to-json/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import {
  describeFailedGuesses,
  describeKeyPending,
  forgiveHint,
  groups,
  type Line,
  type Place,
} from '../words/describe.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description('Shows the safety number that you and NAME compare, and how far the key is trusted.')
    .argument('<name>', 'a contact')
    .option('--confirm', 'you compared the number with NAME: mark the key as verified')
    .addHelpText('before', 'Examples:\n  sotto verify bob\n  sotto verify bob --confirm\n\n')
    .action(async (name, options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await verify(name, options.confirm === true, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

async function verify(
  name: string,
  confirm: boolean,
  settings: Settings,
  context: CliContext,
): Promise<void> {
  const services = await context.services();
  const options = chatOptions(settings, context, 'offline');
  await using chat = await services.openChat(options, { signal: context.signal });
  const [known = name] = await knownNames(chat, [name]);
  if (confirm) await chat.markVerified(known);
  const safety = await chat.safety(known);
  const contact = await findContact(chat, known);
  if (settings.json) return context.output.json(safetyToJson(safety, contact));
  for (const line of safetyLines(safety, contact, 'shell')) context.output.data(line.text, line.style);
}

export async function findContact(chat: Chat, name: string): Promise<ContactView | undefined> {
  return (await chat.contacts()).find((contact) => contact.name === name);
}

/** Who tried to be this contact, and what a person can do about it. */
export function guessLines(contact: ContactView | undefined, place: Place): readonly Line[] {
  const tried = contact && describeFailedGuesses(contact);
  if (tried === undefined) return [];
  return [
    { text: tried, style: 'bad' },
    { text: forgiveHint(contact?.name ?? '', place), style: 'plain' },
  ];
}

/** The safety number in twelve groups of five, four a line as people read them aloud. */
export function safetyLines(
  safety: SafetyView,
  contact: ContactView | undefined,
  place: Place,
): readonly Line[] {
  const { name, current, pending } = safety;
  const lines: Line[] = [{ text: `${name}: ${trustWords(contact, safety)}`, style: 'plain' }];
  if (current) {
    const numbers = groups(current.safetyNumber).split(' ');
    for (let i = 0; i < numbers.length; i += 4)
      lines.push({ text: `  ${numbers.slice(i, i + 4).join(' ')}`, style: 'plain' });
    if (!current.verified && !pending)
      lines.push({
        text: `Compare it with ${name} in person or by phone, then: ${place === 'loop' ? `/verify ${name} confirm` : `sotto verify ${name} --confirm`}`,
        style: 'plain',
      });
  }
  lines.push(...guessLines(contact, place));
  if (!pending) return lines;
  return [
    ...lines,
    ...describeKeyPending(
      {
        name,
        ...(current && { oldSafetyNumber: current.safetyNumber }),
        newSafetyNumber: pending.safetyNumber,
      },
      place,
    ),
  ];
}

function trustWords(contact: ContactView | undefined, { current, pending }: SafetyView): string {
  if (pending) return 'another key waits for you';
  if (!current) return 'no contact yet, so there is no key to compare';
  if (current.verified) return 'pinned and verified';
  return contact?.trust === 'unconfirmed'
    ? 'unconfirmed, not verified; the next connection confirms the key'
    : 'pinned, not verified';
}
