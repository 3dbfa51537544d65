import type { Command } from '@commander-js/extra-typings';
import type { HomeOptions, HomeTool } from '../../api/index.ts';
import { wipe } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import {
  newPassphrase,
  presentPassphrase,
  withTries,
  type NewPassphraseFlags,
  type PassphraseSource,
} from '../home/passphrase.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

const PRESENT = 'Present passphrase';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Puts the key of your home, and so everything in it, under a passphrase. Also beside a running Sotto. Without ' +
        'one, who reads the files of your home reads your messages. Nobody can help who forgets it.',
    )
    .enablePositionalOptions()
    .addHelpText(
      'before',
      'Examples:\n  sotto passphrase set\n  sotto passphrase change\n  sotto passphrase remove\n\n',
    );
  subcommand(command, 'set', 'put the home under a passphrase', context, async ({ tool, options }, flags) => {
    if (await tool.isLocked(options))
      throw usageError('the home is under a passphrase already', 'Run: sotto passphrase change');
    await setNew(tool, options, flags, context);
    return { locked: true, words: 'The home is under a passphrase now. Copies made before are not.' };
  });
  subcommand(command, 'change', 'replace the passphrase by another one', context, async (home, flags) => {
    await mustBeLocked(home);
    const present = await provenPassphrase(home, context);
    try {
      await setNew(home.tool, { ...home.options, passphrase: async () => present }, flags, context);
    } finally {
      wipe(present);
    }
    return { locked: true, words: 'The passphrase is changed. Copies made before open with the former one.' };
  });
  subcommand(command, 'remove', 'let the home open without a passphrase', context, async (home) => {
    await mustBeLocked(home);
    await withTries(home.source, context, async () => home.tool.setPassphrase(home.options, undefined));
    return { locked: false, words: 'The home is under no passphrase any more.' };
  });
}

/** How the home is now, and the same for people. */
interface Done {
  readonly locked: boolean;
  readonly words: string;
}

interface OwnHome {
  readonly tool: HomeTool;
  /** Where its present passphrase is to be read, when not from a person. */
  readonly source: PassphraseSource | undefined;
  readonly options: HomeOptions;
}

function subcommand(
  parent: Command,
  name: 'set' | 'change' | 'remove',
  summary: string,
  context: CliContext,
  act: (home: OwnHome, flags: NewPassphraseFlags) => Promise<Done>,
): void {
  const command = parent.command(name).summary(summary).description(`Does this: ${summary}.`);
  if (name !== 'remove') {
    command
      .option('--new-passphrase-file <file>', 'the new one is the first line of this file; - is stdin')
      .option('--new-passphrase-fd <number>', 'or the next line of this open file descriptor');
  }
  command
    .addHelpText('before', `Examples:\n  sotto passphrase ${name}\n\n`)
    .action(async (flags: NewPassphraseFlags, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      const { home: tool } = await context.services();
      const options = homeOptions(settings, context);
      const { locked, words } = await act({ tool, source: settings.passphrase, options }, flags);
      if (settings.json) context.output.json({ type: 'passphrase', locked });
      else context.output.note(words, 'good');
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

function homeOptions(settings: Settings, context: CliContext): HomeOptions {
  const { directory, port, as, home } = chatOptions(settings, context, 'offline');
  return {
    directory,
    ...(port !== undefined && { port }),
    ...(as !== undefined && { as }),
    ...(home !== undefined && { home }),
    passphrase: async () => presentPassphrase(PRESENT, settings.passphrase, context),
  };
}

async function mustBeLocked({ tool, options }: OwnHome): Promise<void> {
  if (!(await tool.isLocked(options)))
    throw usageError('the home is under no passphrase', 'To put it under one, run: sotto passphrase set');
}

/** Before the new one is asked for: nobody types that in vain. */
async function provenPassphrase(
  { tool, options, source }: OwnHome,
  context: CliContext,
): Promise<Uint8Array> {
  return withTries(source, context, async () => {
    const present = await presentPassphrase(PRESENT, source, context);
    // What is handed over is overwritten.
    await tool.checkPassphrase({ ...options, passphrase: async () => present.slice() });
    return present;
  });
}

async function setNew(
  tool: HomeTool,
  options: HomeOptions,
  flags: NewPassphraseFlags,
  context: CliContext,
): Promise<void> {
  const next = await newPassphrase('New passphrase', flags, context);
  try {
    await tool.setPassphrase(options, next);
  } finally {
    wipe(next);
  }
}
