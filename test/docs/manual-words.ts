// What the manual says that no command's help does.
import { SETTING_KEYS, variableOf } from '../../src/cli/settings/setting.ts';
import type { Term } from './command-tree.ts';

const OTHER_VARIABLES: readonly Term[] = [
  {
    term: 'SOTTO_TRACE',
    words:
      'traces one line a transition on stderr: all, or some of its topics with commas. Never texts or secrets.',
  },
  {
    term: 'PAGER',
    words: 'the command that shows long output, where SOTTO_PAGER is not set; less -FRX by default.',
  },
  { term: 'LESS', words: 'the options of less; FRX where it is not set.' },
  { term: 'NO_COLOR', words: 'no colours, if it is not empty.' },
  { term: 'TERM', words: 'dumb is as --plain.' },
  { term: 'HOME', words: 'the folder that the XDG folders are in by default.' },
  { term: 'XDG_CONFIG_HOME', words: 'where settings and the directory file are; ~/.config by default.' },
  { term: 'XDG_DATA_HOME', words: 'where homes are; ~/.local/share by default.' },
  { term: 'XDG_RUNTIME_DIR', words: 'where the socket is when the path of the home is too long for one.' },
  { term: 'USER', words: 'the name that a first start proposes.' },
];

export const ENVIRONMENT: readonly Term[] = [
  ...SETTING_KEYS.map((key) => ({
    term: variableOf(key),
    words: `as ${key === 'pager' ? 'the setting “pager”: a command, or off' : `--${key}`}, where that is not given.`,
  })),
  ...OTHER_VARIABLES,
];

export const FILES: readonly Term[] = [
  { term: '~/.config/sotto/config.json', words: 'settings: see sotto config.' },
  {
    term: '~/.config/sotto/directory.json',
    words: 'the people: see sotto directory. It has passwords: 0600.',
  },
  {
    term: '~/.local/share/sotto/NAME/',
    words:
      'the home of NAME, 0700: its key, its encrypted messages, the socket of the Sotto that runs, and its log.',
  },
  { term: '~/.config/systemd/user/sotto.service', words: 'what sotto service install writes.' },
];

/** What holds for every command. */
export const RULES: readonly string[] = [
  'What a command is run for goes to stdout, everything else to stderr. With --json it is one JSON object a line.',
  'A flag beats the environment, which beats the file of settings.',
  'Where a Sotto runs with the same home (sotto up, sotto listen, or sotto itself), a command works through it; else it does its work alone and ends.',
];
