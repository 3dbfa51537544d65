import type { Command } from '@commander-js/extra-typings';
import type { SettingJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import type { CliContext, Environment } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { addGlobalFlags, givenOptions } from '../settings/flags.ts';
import { configPath, openConfig, unknownSetting, type ConfigFile } from '../settings/config-file.ts';
import { editConfig, toValue } from './edit-config.ts';
import {
  isSettingKey,
  SETTING_KEYS,
  SETTINGS,
  variableOf,
  type Given,
  type SettingKey,
} from '../settings/setting.ts';

const EXAMPLES = `Examples:
  sotto config set port 7000
  sotto config set keep 90d                messages older than that are deleted
  sotto config set bind 127.0.0.1 ::1
  sotto config set pager off
  sotto config unset port
  sotto config list                        what holds without flags, and where from

`;

const SETTINGS_HELP = `
Settings: ${SETTING_KEYS.join(', ')}.
Each is the flag of that name, and means something to the commands that have the flag. A flag beats the environment
(SOTTO_PORT for “port”), which beats the file. The file is JSON; comments may stand in it. A secret never does:
“passphrase-file” names the file of one.
`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Reads and writes the file of settings, so that a flag need not be given each time.')
    .enablePositionalOptions()
    .helpCommand(true)
    .hook('preAction', (_command, self) => {
      const { env, output } = context;
      output.plain = givenOptions(self)['plain'] === true || env['TERM'] === 'dumb';
    })
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', SETTINGS_HELP);
  addGet(command, context);
  addSet(command, context);
  addUnset(command, context);
  addList(command, context);
  addPath(command, context);
}

function addGet(parent: Command, context: CliContext): void {
  const command = parent
    .command('get')
    .summary('what a setting is, without flags')
    .description('Prints what the environment or the file says. Exit 1: neither says anything.')
    .argument('<key>', 'a setting')
    .addHelpText('before', 'Examples:\n  sotto config get port\n\n')
    .action((word, _options, self) => {
      const key = known(word);
      const file = openConfig(configPath(context.env));
      const found = effective(key, file, context.env);
      if (found) return print(key, found, 'value', isJson(self), context);
      // A setting that cannot be read is not one that nobody made.
      throwFirst(file);
      if (isJson(self)) context.output.json({ type: 'unset', key });
      else context.output.note(`${key} is not set`);
      context.exitCode = EXIT.failure;
    });
  addGlobalFlags(command, ['plain', 'json']);
}

function addSet(parent: Command, context: CliContext): void {
  const command = parent
    .command('set')
    .summary('write a setting to the file')
    .description(
      'Writes a setting to the file, which is made if there is none. Relative paths become absolute.',
    )
    .argument('<key>', 'a setting')
    .argument('<value...>', 'what it is to be; several addresses for bind')
    .addHelpText(
      'before',
      'Examples:\n  sotto config set directory ./people.json\n  sotto config set closed yes\n  sotto config set timeout 10s\n\n',
    )
    .action(async (word, values, _options, self) => {
      const key = known(word);
      const value = toValue(key, values.join(key === 'bind' ? ',' : ' '));
      await editConfig(configPath(context.env), key, value);
      if (isJson(self)) context.output.json({ type: 'setting', key, value, from: 'file' });
      tellOthers(key, context);
    });
  addGlobalFlags(command, ['plain', 'json']);
}

function addUnset(parent: Command, context: CliContext): void {
  const command = parent
    .command('unset')
    .summary('take a setting out of the file')
    .description(
      'Takes a setting out of the file, also one that Sotto does not know. Exit 1: it does not stand there.',
    )
    .argument('<key>', 'a setting')
    .addHelpText('before', 'Examples:\n  sotto config unset port\n\n')
    .action(async (word, _options, self) => {
      const { env, output } = context;
      const isTakenOut = await editConfig(configPath(env), word, undefined);
      // A word that is neither there nor a setting was mistyped.
      const key = isTakenOut ? word : known(word);
      if (!isTakenOut) {
        output.note(`${key} is not set in the file`);
        context.exitCode = EXIT.failure;
      }
      if (isJson(self)) output.json({ type: 'unset', key });
      if (isSettingKey(key)) tellOthers(key, context);
    });
  addGlobalFlags(command, ['plain', 'json']);
}

function addList(parent: Command, context: CliContext): void {
  const command = parent
    .command('list')
    .summary('every setting that is made, and where')
    .description('Lists what holds without flags, and where it is said. Exit 2: the file has mistakes.')
    .addHelpText('before', 'Examples:\n  sotto config list\n  sotto config list --json\n\n')
    .action((_options, self) => {
      const file = openConfig(configPath(context.env));
      for (const key of SETTING_KEYS) {
        const found = effective(key, file, context.env);
        if (found) print(key, found, 'line', isJson(self), context);
      }
      for (const mistake of file.mistakes) {
        context.output.failure(mistake);
        if (isJson(self)) context.output.json({ type: 'error', ...mistake, exit_code: EXIT.usage });
      }
      if (file.mistakes.length > 0) context.exitCode = EXIT.usage;
    });
  addGlobalFlags(command, ['plain', 'json']);
}

function addPath(parent: Command, context: CliContext): void {
  const command = parent
    .command('path')
    .summary('where the file is')
    .description('Prints the path of the file, whether there is one or not.')
    .addHelpText('before', 'Examples:\n  sotto config path\n  $EDITOR "$(sotto config path)"\n\n')
    .action((_options, self) => {
      const file = configPath(context.env);
      if (isJson(self)) context.output.json({ type: 'config', file });
      else context.output.data(file);
    });
  addGlobalFlags(command, ['plain', 'json']);
}

function known(word: string): SettingKey {
  if (isSettingKey(word)) return word;
  throw new CodedError({ ...unknownSetting(word).failure, code: 'usage' });
}

/** What a setting is without a flag. */
interface Effective extends Given {
  readonly line?: number;
}

function effective(key: SettingKey, file: ConfigFile, env: Environment): Effective | undefined {
  const text = env[variableOf(key)] ?? '';
  return text === '' ? file.settings.get(key) : { text, source: variableOf(key) };
}

function print(
  key: SettingKey,
  found: Effective,
  form: 'value' | 'line',
  json: boolean,
  { output }: CliContext,
): void {
  const { text, source, line } = found;
  const from = line === undefined ? source : `line ${line}`;
  if (json)
    output.json({
      type: 'setting',
      key,
      value: valueOf(key, found),
      from: line === undefined ? 'environment' : 'file',
    });
  else output.data(form === 'value' ? text : `${key.padEnd(16)} ${text}   (${from})`);
}

/** As JSON; of a variable that is no such value, its text. */
function valueOf(key: SettingKey, given: Given): SettingJson['value'] {
  try {
    const value = SETTINGS[key].parse(given);
    return typeof value === 'number' && SETTINGS[key].json !== 'a number' ? given.text : value;
  } catch (error) {
    if (error instanceof CodedError) return given.text;
    throw error;
  }
}

/** What was just written or taken out does not hold while a variable says otherwise. */
function tellOthers(key: SettingKey, { env, output }: CliContext): void {
  const variable = variableOf(key);
  if ((env[variable] ?? '') !== '') output.note(`· ${variable} is set, and beats the file`);
}

function throwFirst({ mistakes }: ConfigFile): void {
  const [mistake] = mistakes;
  if (mistake) throw new CodedError(mistake);
}

function isJson(command: Parameters<typeof givenOptions>[0]): boolean {
  return givenOptions(command)['json'] === true;
}
