import type { Command } from '@commander-js/extra-typings';
import type { HomeOptions, HomeTool } from '../../api/index.ts';
import { wipe } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { newPassphrase, presentPassphrase, type NewPassphraseFlags } from '../passphrase.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Puts the key of your home, and so everything in it, under a passphrase. Also beside a running Sotto. Without ' +
        'one, who reads the files of your home reads your messages. Nobody can help who forgets it.',
    )
    .enablePositionalOptions();
  subcommand(command, 'set', 'put the home under a passphrase', context, async (home, flags) => {
    if (await home.tool.isLocked(home.options))
      throw usageError('the home is under a passphrase already', 'Run: sotto passphrase change');
    await change(home, flags, context);
    context.output.note('The home is under a passphrase now. Copies made before are not.', 'good');
  });
  subcommand(command, 'change', 'replace the passphrase by another one', context, async (home, flags) => {
    await mustBeLocked(home);
    await change(home, flags, context);
    context.output.note('The passphrase is changed. Copies made before open with the former one.', 'good');
  });
  subcommand(command, 'remove', 'let the home open without a passphrase', context, async (home) => {
    await mustBeLocked(home);
    await home.tool.setPassphrase(home.options, undefined);
    context.output.note('The home is under no passphrase any more.', 'good');
  });
}

interface OwnHome {
  readonly tool: HomeTool;
  readonly options: HomeOptions;
}

function subcommand(
  parent: Command,
  name: 'set' | 'change' | 'remove',
  summary: string,
  context: CliContext,
  act: (home: OwnHome, flags: NewPassphraseFlags) => Promise<void>,
): void {
  const command = parent.command(name).summary(summary).description(`Does this: ${summary}.`);
  if (name !== 'remove') {
    command
      .option('--new-passphrase-file <file>', 'the new one is the first line of this file')
      .option('--new-passphrase-fd <number>', 'or the next line of this open file descriptor');
  }
  command
    .addHelpText('before', `Examples:\n  sotto passphrase ${name}\n\n`)
    .action(async (flags: NewPassphraseFlags, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      const { home: tool } = await context.services();
      await act({ tool, options: homeOptions(settings, context) }, flags);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain']);
}

function homeOptions(settings: Settings, context: CliContext): HomeOptions {
  const { directory, port, as, home } = chatOptions(settings, context.env, 'offline');
  return {
    directory,
    ...(port !== undefined && { port }),
    ...(as !== undefined && { as }),
    ...(home !== undefined && { home }),
    passphrase: async () => presentPassphrase('Present passphrase', settings.passphrase, context),
  };
}

async function mustBeLocked({ tool, options }: OwnHome): Promise<void> {
  if (!(await tool.isLocked(options)))
    throw usageError('the home is under no passphrase', 'To put it under one, run: sotto passphrase set');
}

async function change(
  { tool, options }: OwnHome,
  flags: NewPassphraseFlags,
  context: CliContext,
): Promise<void> {
  // Asked for in the order in which a person expects it: the present one first.
  const isLocked = await tool.isLocked(options);
  const present = isLocked ? await options.passphrase?.() : undefined;
  const next = await newPassphrase('New passphrase', flags, context);
  try {
    await tool.setPassphrase({ ...options, ...(present && { passphrase: async () => present }) }, next);
  } finally {
    wipe(next, present);
  }
}
