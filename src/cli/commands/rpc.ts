import type { Command } from '@commander-js/extra-typings';
import type { Chat, Services } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Speaks JSON-RPC 2.0 on stdin and stdout, one object a line, for programs that embed Sotto: the same methods as the socket in ' +
        'the home. Through the Sotto that runs, or else listening itself. Ends, when all is answered, with the end of stdin.',
    )
    .addHelpText(
      'before',
      `Examples:\n  echo '{"jsonrpc":"2.0","id":1,"method":"status"}' | sotto rpc\n  sotto rpc < requests > answers\n\n`,
    )
    .action(async (_options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await rpc(settings, context);
    });
  addGlobalFlags(command);
}

async function rpc(settings: Settings, context: CliContext): Promise<void> {
  const { output, signal: stopped, stdio } = context;
  const services = await context.services();
  await using chat = await attachOrOpen(settings, services, context);
  const done = new AbortController();
  const gone = untilGone(chat, AbortSignal.any([stopped, done.signal])).finally(() => done.abort());
  // It is said when what was asked is answered.
  gone.catch(() => undefined);
  const signal = AbortSignal.any([stopped, output.closed, done.signal]);
  await services.node.serveStdio(chat, { input: stdio.stdin, output: stdio.stdout }, { signal });
  done.abort();
  await gone;
  stopped.throwIfAborted();
}

/** Whoever speaks here shall see the end of the program that answers, and not an error for each call. Rejects with why it ended. */
async function untilGone(chat: Chat, signal: AbortSignal): Promise<void> {
  const events = chat.events({ signal });
  while ((await events.next()).done !== true);
}

async function attachOrOpen(settings: Settings, services: Services, context: CliContext): Promise<Chat> {
  const { signal } = context;
  const options = chatOptions(settings, context, 'listen');
  const running = await services.node.find(options, { signal });
  if (running?.status.mode === 'listen') return running.chat;
  await running?.chat.close();
  return services.openChat(options, { signal });
}
