import { Argument, type Command } from '@commander-js/extra-typings';
import { toSafeLine } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { addGlobalFlags } from '../settings/flags.ts';
import type { CommandTrees } from '../command-table.ts';
import { parseBashLine, quoteForBash } from './bash-line.ts';
import { candidatesAt, type Candidates } from './candidates.ts';
import { contactNames } from './contact-names.ts';
import { SCRIPTS, type Shell } from './scripts.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const EXAMPLES = `Examples:
  eval "$(sotto completion bash)"            in ~/.bashrc
  eval "$(sotto completion zsh)"             in ~/.zshrc, after compinit
  sotto completion fish > ~/.config/fish/completions/sotto.fish

`;

const WHERE: Readonly<Record<Shell, string>> = {
  bash: '  eval "$(sotto completion bash)"            in ~/.bashrc',
  zsh: '  eval "$(sotto completion zsh)"             in ~/.zshrc, after compinit',
  fish: '  sotto completion fish > ~/.config/fish/completions/sotto.fish',
};

export function define(command: Command, context: CliContext, trees: CommandTrees): void {
  command
    .description(
      'Prints what your shell needs to complete commands, flags and names of contacts. It asks no running Sotto and no network.',
    )
    .enablePositionalOptions()
    .helpCommand(true)
    .addHelpText('before', EXAMPLES);
  for (const shell of SHELLS) {
    const child = command
      .command(shell)
      .summary(`the script for ${shell}`)
      .description(`Prints the script for ${shell}.`)
      .addHelpText('before', `Examples:\n${WHERE[shell]}\n\n`)
      .action(() => context.output.text(SCRIPTS[shell]));
    addGlobalFlags(child, ['plain']);
  }
  command
    .command('answer', { hidden: true })
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .argument('[words...]')
    .action(async (shell, words) => {
      const lines = await answer(shell, words, context, trees);
      // Every part of it is clean; the tabs between them must stay.
      context.stdio.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
}

async function answer(
  shell: Shell,
  words: readonly string[],
  { env }: CliContext,
  trees: CommandTrees,
): Promise<readonly string[]> {
  const names = (given: ReadonlyMap<string, string>): readonly string[] => contactNames(given, env);
  if (shell === 'bash') {
    const [breaks = '', line = ''] = words;
    const { words: typed, quote, kept, isExpanded } = parseBashLine(line, breaks);
    if (isExpanded) return ['words'];
    const found = candidatesAt(await trees(typed), typed.slice(1), names);
    const rests = found.words.filter(({ word }) => word.startsWith(kept));
    return [found.kind, ...rests.map(({ word }) => quoteForBash(word.slice(kept.length), quote))];
  }
  // Of the last word fish gives what is typed, quotation marks and all.
  const current = words.at(-1) ?? '';
  const plainWords = [...words.slice(0, -1), shell === 'fish' ? unquoted(current) : current];
  return tabbed(candidatesAt(await trees(plainWords), plainWords, names));
}

function unquoted(word: string): string {
  return parseBashLine(word, '').words.join(' ');
}

function tabbed({ kind, words }: Candidates): readonly string[] {
  return [kind, ...words.map(({ word, description }) => `${word}\t${toSafeLine(description)}`)];
}
