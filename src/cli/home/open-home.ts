import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Chat, ChatOptions } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { chatOptions, readSettings, type Settings } from '../settings/settings.ts';

/** The flags of every command that works on a home. */
export const HOME_FLAGS = ['port', 'directory', 'as', 'home', 'plain', 'json'] as const;
/** And of those whose output can be long. */
export const PAGED_FLAGS = ['port', 'directory', 'as', 'home', 'plain', 'pager', 'json'] as const;

/** Opens the home as the flags say, does the work, and closes it again; the work's exit code becomes the command's. */
export async function withHome(
  command: CommandUnknownOpts,
  context: CliContext,
  mode: ChatOptions['mode'],
  work: (chat: Chat, settings: Settings) => Promise<ExitCode | void>,
): Promise<void> {
  const settings = readSettings(command, context.env);
  context.output.plain = settings.plain;
  const services = await context.services();
  await using chat = await services.openChat(chatOptions(settings, context, mode), {
    signal: context.signal,
  });
  context.exitCode = (await work(chat, settings)) ?? EXIT.done;
}
