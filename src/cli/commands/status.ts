import type { Command } from '@commander-js/extra-typings';
import type { Chat, Services, StatusView } from '../../api/index.ts';
import { statusToJson, stoppedToJson } from '../../api/to-json/index.ts';
import type { CliContext } from '../context.ts';
import { dayAndTime, plural, sentence } from '../words/describe.ts';
import { EXIT } from '../exit-code.ts';
import { lockOf, notRunning } from '../home/node-state.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { describeListening } from '../words/describe.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Shows whether Sotto runs on your home and how it is doing, else what the home says: what waits, what is unread. Exits with 0 ' +
        'when it runs, and with 3 when it does not.',
    )
    .addHelpText('before', 'Examples:\n  sotto status\n  sotto status --json | jq .unread\n\n')
    .action(async (_options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await status(settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

async function status(settings: Settings, context: CliContext): Promise<void> {
  const services = await context.services();
  const running = await services.node.find(chatOptions(settings, context, 'offline'), {
    signal: context.signal,
  });
  await running?.chat.close();
  if (running?.status.mode === 'listen') return tellRunning(running.status, settings, context);
  await tellHome(settings, services, context);
  context.exitCode = EXIT.io;
}

function tellRunning(status: StatusView, { json }: Settings, { output }: CliContext): void {
  if (json) return output.json({ ...statusToJson(status) });
  const { self, pid, isAttended, startedAtWall, connected, loopDelayMs } = status;
  const how = isAttended ? 'with somebody in front of it' : 'in the background';
  output.data(`${self.username} is ${describeListening(self)}`);
  output.data(`process     ${pid}, ${how}, since ${dayAndTime(startedAtWall)}`);
  const names = connected.length === 0 ? '' : `: ${connected.join(', ')}`;
  output.data(`contacts    ${status.contacts}, ${connected.length} connected${names}`);
  for (const line of homeLines(status)) output.data(line);
  const { p50, p99, max } = loopDelayMs;
  output.data(
    `loop delay  ${ms(p50)} half of the time, ${ms(p99)} at the 99th percentile, ${ms(max)} at most`,
  );
  output.data(`version     ${status.version}`);
}

/** Nothing is asked for, and nothing made, only to say that it does not run. */
async function tellHome(settings: Settings, services: Services, context: CliContext): Promise<void> {
  const options = chatOptions(settings, context, 'offline');
  const lock = await lockOf(options, services);
  if (lock === 'none')
    throw notRunning(settings.home, 'Nobody has used that home yet. To begin: sotto, or sotto up');
  if (lock === 'locked' && !settings.passphrase)
    throw notRunning(
      settings.home,
      'The home is under a passphrase: with --passphrase-file FILE more can be said. To start one: sotto up',
    );
  await using chat = await services.openChat(options, { signal: context.signal });
  const view = await chat.status();
  const lastWall = await newestWall(chat);
  const { output } = context;
  if (settings.json) return output.json({ ...stoppedToJson(view, lastWall) });
  output.data(`no Sotto runs for ${view.self.username}: sotto up starts one`);
  output.data(`contacts    ${view.contacts}`);
  for (const line of homeLines(view)) output.data(line);
  if (lastWall !== undefined) output.data(`last text   ${dayAndTime(lastWall)}`);
}

async function newestWall(chat: Chat): Promise<number | undefined> {
  return (await chat.history({ limit: 1 })).entries.at(-1)?.storedAtWall;
}

function homeLines({ unread, waiting, store, self }: StatusView): readonly string[] {
  const { messages, bytes } = waiting;
  return [
    `unread      ${unread}`,
    `waiting     ${messages === 0 ? 'nothing' : `${plural(messages, 'text')}, ${size(bytes)}`}`,
    `home        ${self.home}`,
    `store       ${size(store.bytes)}, write-ahead log ${size(store.logBytes)}`,
    ...(store.trouble ? [`!           it takes nothing: ${sentence(store.trouble)}`] : []),
  ];
}

function size(bytes: number): string {
  if (bytes < 1024) return plural(bytes, 'byte');
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
