import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { addCommand } from './add.ts';
import { checkCommand } from './check.ts';
import { initCommand } from './init.ts';
import { listCommand } from './list.ts';
import { removeCommand } from './remove.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';

const EXAMPLES = `Examples:
  sotto directory init                   an empty file, in the usual place
  sotto directory add bob                asks for what it needs
  sotto directory list
  sotto directory set bob --ip 10.0.0.7
  sotto directory check

`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Writes, shows and checks the file of people: who they are, where, and with which password.')
    .enablePositionalOptions()
    .addHelpText('before', EXAMPLES);
  for (const add of [
    addCommand,
    listCommand,
    showCommand,
    setCommand,
    removeCommand,
    checkCommand,
    initCommand,
  ])
    add(command, context);
}
