import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import type { ServiceJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { addGlobalFlags } from '../settings/flags.ts';
import { NODE_FLAGS, nodeArgs } from '../home/node-args.ts';
import { isUnderPassphrase, runsAlready } from '../home/node-state.ts';
import { usageError } from '../report-error.ts';
import { chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { mustDo, systemctl, UNIT } from './systemd.ts';
import { ownerOf, removeUnit, unitPath, writeUnit } from './unit-file.ts';
import { unitText } from './unit.ts';

const EXAMPLES = `Examples:
  sotto service install                            starts now, and whenever you log in
  sotto service install --as alice --closed
  sotto service install --passphrase-file ~/.sotto-passphrase
  sotto service status
  sotto service remove

`;

const NOTES = `
It is “sotto up --foreground” as a unit of your own systemd: no root, no other user. What it says is in
“journalctl --user -u sotto”. To have it run without a login, too: loginctl enable-linger
`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Lets systemd run Sotto for you: it starts with your session, and again after a crash.')
    .enablePositionalOptions()
    .helpCommand(true)
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES);
  addInstall(command, context);
  addRemove(command, context);
  addStatus(command, context);
}

function addInstall(parent: Command, context: CliContext): void {
  const command = parent
    .command('install')
    .summary('write the unit, and start it')
    .description(
      'Writes the unit and starts it; again, where there is one. Flags given here, and variables, become a part of it; the file of settings is read at each start.',
    )
    .option('--no-start', 'only write the unit')
    .addHelpText(
      'before',
      'Examples:\n  sotto service install\n  sotto service install --home /data/sotto --keep 90d\n  sotto service install --no-start\n\n',
    )
    .action(async ({ start }, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      // What stands in the file holds at each start; in the unit it would hold for ever.
      const own = readSettings(self, context.env, new Map());
      await install(settings, own, start, context);
      if (settings.json) context.output.json(await stateOf(context));
    });
  addGlobalFlags(command, NODE_FLAGS);
}

function addRemove(parent: Command, context: CliContext): void {
  const command = parent
    .command('remove')
    .summary('stop it, and remove the unit')
    .description('Stops the service and removes the unit. Keys and messages stay.')
    .addHelpText('before', 'Examples:\n  sotto service remove\n\n')
    .action(async (_options, self) => {
      const { plain, json } = readSettings(self, context.env);
      context.output.plain = plain;
      await remove(context);
      if (json) context.output.json(await stateOf(context));
    });
  addGlobalFlags(command, ['plain', 'json']);
}

function addStatus(parent: Command, context: CliContext): void {
  const command = parent
    .command('status')
    .summary('whether it is installed and runs')
    .description(
      'Says whether the service is installed and runs. “sotto status” says more of a Sotto that runs, as a service or not.',
    )
    .addHelpText('before', 'Examples:\n  sotto service status\n  sotto service status --json\n\n')
    .addHelpText('after', '\nExit codes: 0 it runs · 3 it does not')
    .action(async (_options, self) => {
      const { plain, json } = readSettings(self, context.env);
      context.output.plain = plain;
      const state = await stateOf(context);
      const { installed, enabled, active } = state;
      const words = [
        installed ? 'installed' : 'not installed',
        enabled ? 'enabled' : 'not enabled',
        active ? 'runs' : 'does not run',
      ];
      if (json) context.output.json(state);
      else context.output.data(`${UNIT}: ${words.join(', ')}`);
      context.exitCode = active ? EXIT.done : EXIT.io;
    });
  addGlobalFlags(command, ['plain', 'json']);
}

async function install(
  settings: Settings,
  own: Settings,
  start: boolean,
  context: CliContext,
): Promise<void> {
  const { env, output } = context;
  const path = unitPath(env);
  if (ownerOf(path) === 'others') throw notOurs(path);
  const { username, isRunning } = await tryOut(settings, context);
  const { passphrase } = own;
  const secret = passphrase && 'file' in passphrase ? ['--passphrase-file', resolve(passphrase.file)] : [];
  const args = [...nodeArgs(own), ...secret];
  // How this program itself was started is how it can be started again.
  const [, script = ''] = process.argv;
  if (/[\\/]_npx[\\/]/.test(script))
    throw usageError(
      'npx keeps its copy of sotto for a while only',
      'Install it first: npm install -g sotto',
    );
  writeUnit(path, unitText({ node: process.execPath, script, args, username, env }));
  output.note(`the unit is ${path}`);
  if (!start)
    return output.note(
      `· to start it: systemctl --user daemon-reload; systemctl --user enable --now ${UNIT}`,
    );
  const hint = 'The unit is written. Without systemd: sotto up.';
  await mustDo(['daemon-reload'], env, hint);
  await mustDo(['enable', UNIT], env, hint);
  if (isRunning)
    return output.note(
      `· a Sotto runs with this home already: sotto down, then systemctl --user start ${UNIT}`,
    );
  await mustDo(['restart', UNIT], env, hint);
  output.note(`${username} is served by systemd now. Without a login, too: loginctl enable-linger`, 'good');
}

/** What would stop the service is said here, where a person reads it. */
async function tryOut(
  settings: Settings,
  context: CliContext,
): Promise<{ readonly username: string; readonly isRunning: boolean }> {
  const { env, signal } = context;
  const { passphrase } = settings;
  if (passphrase && 'descriptor' in passphrase)
    throw usageError('a service has no file descriptor', 'Give --passphrase-file FILE.');
  const services = await context.services();
  const options = chatOptions(settings, context, 'offline');
  if (passphrase === undefined && (await isUnderPassphrase(options, services)))
    throw new CodedError({
      code: 'locked',
      message: 'the home is under a passphrase, and nobody can type it for a service',
      hint: 'Give --passphrase-file FILE: its first line is read at each start.',
    });
  const answer = await systemctl(['is-active', UNIT], env);
  // One that systemd runs is begun anew; one of somebody’s own is left alone.
  const isRunning = answer?.exit !== 0 && (await runsAlready(options, services, context)) !== undefined;
  await using chat = await services.openChat(options, { signal });
  return { username: chat.self.username, isRunning };
}

async function remove({ env, output }: CliContext): Promise<void> {
  const path = unitPath(env);
  const owner = ownerOf(path);
  if (owner === 'others') throw notOurs(path);
  if (owner === 'nobody') return output.note('there is no service to remove');
  // Without systemd there is nothing to stop, and the file goes all the same.
  await systemctl(['disable', '--now', UNIT], env);
  removeUnit(path);
  await systemctl(['daemon-reload'], env);
  output.note(`${path} is removed; keys and messages stay`);
}

async function stateOf({ env }: CliContext): Promise<ServiceJson> {
  const unit = unitPath(env);
  const isTrue = async (question: string): Promise<boolean> =>
    (await systemctl([question, UNIT], env))?.exit === 0;
  return {
    type: 'service',
    unit,
    installed: ownerOf(unit) !== 'nobody',
    enabled: await isTrue('is-enabled'),
    active: await isTrue('is-active'),
  };
}

function notOurs(path: string): CodedError {
  return new CodedError({
    code: 'file-unusable',
    message: `${path} was not written by sotto`,
    hint: 'Move it away first, or keep it: Sotto needs no other unit.',
  });
}
