import { dirname } from 'node:path';
import { DEFAULT_PORT, type DirectoryEntryInput, type Services } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { warnOfShortPassword } from '../directory/password.ts';
import { toFailure, usageError } from '../report-error.ts';
import { defaultDirectory, parsePort, type Settings } from '../settings/settings.ts';

/** What the loop needs to start, after asking a person for what was not given. */
export interface Start {
  /** Undefined: that of the own entry. */
  readonly port: number | undefined;
  readonly directory: string;
  readonly as: string | undefined;
}

interface NewStart extends Start {
  readonly port: number;
}

/** Asks for port and directory where a person can answer, and creates the directory at a first start. */
export async function prepareStart(
  settings: Settings,
  services: Services,
  context: CliContext,
): Promise<Start> {
  const { prompter, env } = context;
  if (!prompter.canAsk) return withoutPerson(settings, services, context);
  const { as } = settings;
  const askOwnPort = async (): Promise<number> => askPort(context, 'Port for incoming connections');
  // Whoever says who they are has a port in the directory.
  const port = settings.port ?? (as === undefined ? await askOwnPort() : undefined);
  const directory =
    settings.directory ??
    (await prompter.ask('Directory file of the people to contact', { fallback: defaultDirectory(env) }));
  if (await exists(services, directory)) return { port, directory, as };
  const entry = { port: port ?? (await askOwnPort()), directory, as };
  return { ...entry, as: await createDirectory(entry, services, context) };
}

async function withoutPerson(settings: Settings, services: Services, { env }: CliContext): Promise<Start> {
  if (settings.port === undefined && settings.as === undefined)
    throw usageError(
      'there is no port',
      'Without a terminal, give --port or SOTTO_PORT, or your name with --as.',
    );
  const directory = settings.directory ?? defaultDirectory(env);
  if (settings.directory === undefined && !(await exists(services, directory)))
    throw usageError(
      'there is no directory file',
      'Without a terminal, give --directory or SOTTO_DIRECTORY.',
    );
  return { port: settings.port, directory, as: settings.as };
}

async function askPort({ prompter }: CliContext, question: string): Promise<number> {
  const answer = await prompter.ask(question, {
    fallback: String(DEFAULT_PORT),
    check: (text) => String(parsePort(text, 'this')),
  });
  return Number(answer);
}

async function exists(services: Services, directory: string): Promise<boolean> {
  try {
    await services.directory.check(directory);
    return true;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'directory-missing') return false;
    throw error;
  }
}

/** Returns the own username. */
async function createDirectory(start: NewStart, services: Services, context: CliContext): Promise<string> {
  const { prompter, output } = context;
  output.note(`There is no directory file ${start.directory} yet.`);
  if (!(await prompter.confirm('Create it and add yourself?', true)))
    throw new CodedError({
      code: 'directory-missing',
      message: `there is no directory file ${start.directory}`,
      hint: 'sotto directory init, or give --directory',
    });
  const username = await addOneself(start, services, context);
  output.note(`${username} is in ${start.directory}. Others need your name, address, port and password.`);
  if (await prompter.confirm('Add somebody to talk to?', true))
    await addContact(start.directory, services, context);
  output.note(`Add more people at any time: sotto directory add NAME (folder ${dirname(start.directory)})`);
  return username;
}

/** Asks again when the file's rules refuse an answer. */
async function addOneself(start: NewStart, services: Services, context: CliContext): Promise<string> {
  const username = start.as ?? (await askName(context, 'Your name', context.env['USER']));
  const [address = '127.0.0.1'] = services.directory.localAddresses();
  const ip = await askAddress(context, 'Address where others reach you', address);
  const password = await askPassword(context, services, 'Your password (Enter makes one)');
  try {
    await services.directory.add(start.directory, { username, password, port: start.port, ip });
    return username;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    context.output.failure(toFailure(error));
    return addOneself(start, services, context);
  }
}

async function addContact(directory: string, services: Services, context: CliContext): Promise<void> {
  const entry: DirectoryEntryInput = {
    username: await askName(context, 'Their name', undefined),
    ip: await askAddress(context, 'Their address (IP or host name)', undefined),
    port: await askPort(context, 'Their port'),
    password: await askPassword(context, services, 'Their password, as they told you (Enter makes one)'),
  };
  try {
    await services.directory.add(directory, entry);
    context.output.note(`${entry.username} is in the directory.`);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    context.output.failure(toFailure(error));
    await addContact(directory, services, context);
  }
}

async function askName(
  { prompter }: CliContext,
  question: string,
  fallback: string | undefined,
): Promise<string> {
  return prompter.ask(question, {
    ...(fallback !== undefined && fallback !== '' && { fallback }),
    check: (name) => {
      if (/[\s,]/.test(name)) throw usageError('a name has no spaces and no commas here');
      return name.normalize('NFC');
    },
  });
}

async function askAddress(
  { prompter }: CliContext,
  question: string,
  fallback: string | undefined,
): Promise<string> {
  return prompter.ask(question, fallback === undefined ? {} : { fallback });
}

async function askPassword(context: CliContext, services: Services, question: string): Promise<string> {
  const typed = await context.prompter.secret(question);
  warnOfShortPassword(typed, context);
  if (typed !== '') return typed;
  const made = services.directory.generatePassword();
  context.output.note(`Password: ${made}`);
  return made;
}
