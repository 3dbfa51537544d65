import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { addCommand } from './add.ts';
import { checkCommand } from './check.ts';
import { initCommand } from './init.ts';
import { listCommand } from './list.ts';
import { removeCommand } from './remove.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description('Writes, shows and checks the file of people: who they are, where, and with which password.')
    .enablePositionalOptions();
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
