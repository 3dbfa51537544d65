import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings';
import type { CliContext } from './context.ts';

/** A command's file: adds arguments, options, examples and the action. Loaded only when the command line names it. */
export interface CommandModule {
  define(command: Command, context: CliContext, trees: CommandTrees): void;
}

/** For what works on commands themselves: the whole program, with those commands loaded that the words name. */
export type CommandTrees = (words: readonly string[]) => Promise<CommandUnknownOpts>;

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'send',
    summary: 'send one message and wait for its outcome',
    load: () => import('./commands/send.ts'),
  },
  {
    name: 'reply',
    summary: 'answer one message',
    load: () => import('./commands/reply.ts'),
  },
  {
    name: 'outbox',
    summary: 'what waits to be delivered; withdraw it, try now',
    load: () => import('./outbox/index.ts'),
  },
  {
    name: 'listen',
    summary: 'print incoming messages, or run a command for each',
    load: () => import('./commands/listen.ts'),
  },
  {
    name: 'history',
    summary: 'what was said; search it, follow it',
    load: () => import('./commands/history.ts'),
  },
  {
    name: 'export',
    summary: 'write what was said to a file',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'delete',
    summary: 'delete messages here for good',
    load: () => import('./commands/delete.ts'),
  },
  {
    name: 'contacts',
    summary: 'everyone in the directory and how they are',
    load: () => import('./commands/contacts.ts'),
  },
  {
    name: 'read',
    summary: 'count what somebody wrote as read',
    load: () => import('./commands/read.ts'),
  },
  {
    name: 'mute',
    summary: 'make no noise for somebody’s messages',
    load: () => import('./commands/mute.ts'),
  },
  {
    name: 'unmute',
    summary: 'make noise for them again',
    load: () => import('./commands/unmute.ts'),
  },
  {
    name: 'draft',
    summary: 'what you began to write to somebody',
    load: () => import('./commands/draft.ts'),
  },
  {
    name: 'verify',
    summary: 'show the safety number of a contact',
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'trust',
    summary: 'approve a changed key, or pair again',
    load: () => import('./commands/trust.ts'),
  },
  {
    name: 'identity',
    summary: 'show who you are: name, key, folders',
    load: () => import('./commands/identity.ts'),
  },
  {
    name: 'passphrase',
    summary: 'put your home under a passphrase, or change it',
    load: () => import('./commands/passphrase.ts'),
  },
  {
    name: 'backup',
    summary: 'write an encrypted copy of your home',
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    summary: 'make a home out of a backup',
    load: () => import('./commands/restore.ts'),
  },
  {
    name: 'up',
    summary: 'run in the background, until “sotto down”',
    load: () => import('./commands/up.ts'),
  },
  { name: 'down', summary: 'end what runs in the background', load: () => import('./commands/down.ts') },
  {
    name: 'status',
    summary: 'whether Sotto runs, and how it is doing',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'trace',
    summary: 'what goes on inside the running Sotto',
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'rpc',
    summary: 'JSON-RPC on stdin and stdout, for programs',
    load: () => import('./commands/rpc.ts'),
  },
  {
    name: 'directory',
    summary: 'write and check the file of people',
    load: () => import('./directory/index.ts'),
  },
  {
    name: 'config',
    summary: 'settings that need no flag any more',
    load: () => import('./config/index.ts'),
  },
  {
    name: 'service',
    summary: 'let systemd run Sotto for you',
    load: () => import('./service/index.ts'),
  },
  {
    name: 'completion',
    summary: 'what bash, zsh or fish needs to complete',
    load: () => import('./completion/index.ts'),
  },
];
