import { Argument, type Command } from '@commander-js/extra-typings';
import type { TraceTopic } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { preciseClock } from '../words/describe.ts';
import { notRunning } from '../home/node-state.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

const TOPICS: readonly TraceTopic[] = ['link', 'event', 'commit', 'envelope'];

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Shows what goes on inside the running Sotto, a line a step and when it was heard of, from now on until it is stopped. Never ' +
        'a text, a key or a password. TOPIC is link, event, commit or envelope; without one: all but envelope.',
    )
    .addArgument(new Argument('[topic...]', 'only this').choices(TOPICS))
    .addHelpText('before', 'Examples:\n  sotto trace\n  sotto trace link event\n\n')
    .action(async (topics: readonly TraceTopic[], _options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await trace(topics, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

async function trace(topics: readonly TraceTopic[], settings: Settings, context: CliContext): Promise<void> {
  const { output, signal: stopped } = context;
  const services = await context.services();
  const running = await services.node.find(chatOptions(settings, context, 'offline'), { signal: stopped });
  if (!running) throw notRunning(settings.home, 'Start one: sotto up');
  await using chat = running.chat;
  const signal = AbortSignal.any([stopped, output.closed]);
  for await (const line of chat.trace({ signal, ...(topics.length > 0 && { topics }) })) {
    const now = Date.now();
    if (settings.json) output.json({ type: 'trace', at: new Date(now).toISOString(), line });
    else output.data(`${preciseClock(now)} ${line}`);
    if (!(await output.drained())) return;
  }
  stopped.throwIfAborted();
}
