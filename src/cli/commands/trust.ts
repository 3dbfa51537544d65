import type { Command } from '@commander-js/extra-typings';
import { safetyToJson, timeToJson } from '../../api/to-json/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { clock } from '../words/describe.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { findContact, guessLines, safetyLines } from './verify.ts';

interface TrustFlags {
  readonly fingerprint?: string | undefined;
  readonly repair?: true | undefined;
  readonly forgive?: true | undefined;
}

export function define(command: Command, context: CliContext): void {
  command
    .description('Shows what waits for your decision about NAME (exit 4 if something does), or decides it.')
    .argument('[name]', 'a contact; without it: everybody about whom something waits')
    .option('--fingerprint <digits>', 'approve the waiting key: its 60 digits, as compared with NAME')
    .option('--repair', 'let NAME pair again with the pinned key during the next ten minutes')
    .option('--forgive', 'forget the failed attempts in NAME’s name: its next first contact is heard')
    .addHelpText(
      'before',
      "Examples:\n  sotto trust\n  sotto trust bob\n  sotto trust bob --fingerprint '12345 67890 …'\n  sotto trust bob --repair\n  sotto trust bob --forgive\n\n",
    )
    .action(async (name, options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      const given = decisionsOf(options);
      const fingerprint =
        options.fingerprint === undefined ? undefined : checkFingerprint(options.fingerprint);
      if (given.length > 1) throw usageError(`${given.slice(0, 2).join(' and ')} exclude each other`);
      context.exitCode =
        name === undefined
          ? await overview(options, settings, context)
          : await trust(name, { ...options, fingerprint }, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

function decisionsOf({ fingerprint, repair, forgive }: TrustFlags): readonly string[] {
  return [
    ...(fingerprint === undefined ? [] : ['--fingerprint']),
    ...(repair === true ? ['--repair'] : []),
    ...(forgive === true ? ['--forgive'] : []),
  ];
}

/** Everybody whose key waits for a decision, and whose name somebody tried; only the former is an exit code's matter. */
async function overview(flags: TrustFlags, settings: Settings, context: CliContext): Promise<ExitCode> {
  const { output } = context;
  if (decisionsOf(flags).length > 0)
    throw usageError('the name is missing', 'sotto trust NAME, then the decision about it');
  const services = await context.services();
  await using chat = await services.openChat(chatOptions(settings, context, 'offline'), {
    signal: context.signal,
  });
  const contacts = await chat.contacts();
  const waiting = contacts.filter((contact) => contact.trust === 'key-pending');
  const tried = contacts.filter((contact) => contact.failedGuesses && !waiting.includes(contact));
  for (const contact of waiting) {
    const safety = await chat.safety(contact.name);
    if (settings.json) output.json(safetyToJson(safety, contact));
    else for (const line of safetyLines(safety, contact, 'shell')) output.data(line.text, line.style);
  }
  for (const contact of tried) {
    if (settings.json) output.json(safetyToJson(await chat.safety(contact.name), contact));
    else for (const line of guessLines(contact, 'shell')) output.data(line.text, line.style);
  }
  if (waiting.length === 0 && !settings.json) output.note('nothing waits for your decision');
  return waiting.length === 0 ? EXIT.done : EXIT.identity;
}

async function trust(
  name: string,
  flags: TrustFlags,
  settings: Settings,
  context: CliContext,
): Promise<ExitCode> {
  const { output } = context;
  const services = await context.services();
  const options = chatOptions(settings, context, 'offline');
  await using chat = await services.openChat(options, { signal: context.signal });
  const [known = name] = await knownNames(chat, [name]);
  if (flags.fingerprint !== undefined) {
    await chat.approveKey({ name: known, fingerprint: flags.fingerprint });
    if (settings.json) output.json({ type: 'trusted', name: known });
    else output.note(`the new key of ${known} is trusted from now on`, 'good');
    return EXIT.done;
  }
  if (flags.repair === true) {
    const { untilWall } = await chat.openRepair(known);
    if (settings.json) output.json({ type: 'repair', name: known, until: timeToJson(untilWall) });
    else output.note(`${known} may pair again until ${clock(untilWall)}`, 'good');
    return EXIT.done;
  }
  if (flags.forgive === true) {
    await chat.forgiveGuesses(known);
    if (settings.json) output.json({ type: 'forgiven', name: known });
    else output.note(`the failed attempts as ${known} are forgotten`, 'good');
    return EXIT.done;
  }
  const safety = await chat.safety(known);
  const contact = await findContact(chat, known);
  if (settings.json) output.json(safetyToJson(safety, contact));
  else for (const line of safetyLines(safety, contact, 'shell')) output.data(line.text, line.style);
  return safety.pending ? EXIT.identity : EXIT.done;
}

/** Sixty digits; spaces and hyphens as people write them do not count. Throws usage. */
export function checkFingerprint(text: string): string {
  const digits = text.replaceAll(/[\s-]/g, '');
  if (!/^\d*$/.test(digits)) throw usageError('a fingerprint is 60 digits; nothing else may be in it');
  if (digits.length === 60) return digits;
  throw usageError(
    `the fingerprint has ${digits.length} digits, not 60`,
    'Give the whole number: a part of it proves little.',
  );
}
