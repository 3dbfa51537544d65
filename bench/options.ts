import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENDERS } from './contenders/index.ts';
import { SCENARIOS, type Effort } from './scenarios.ts';

export const USAGE: string = `npm run bench -- [options]

  --only LIST         of the scenarios ${[...Object.keys(SCENARIOS), 'version'].join(', ')}
  --contenders LIST   of ${Object.keys(CONTENDERS).join(', ')}
  --rounds N          default 7
  --quick             two short rounds, about half a minute: for a first look only
  --cpu-prof-dir DIR  each process leaves a CPU profile there; the figures are then worth nothing
`;

const FULL: Effort = { trips: 4_000, warmUpMs: 2_500, measuredMs: 1_500, firstContacts: 6 };
const QUICK: Effort = { trips: 500, warmUpMs: 400, measuredMs: 500, firstContacts: 4 };

export interface Options {
  readonly scenarios: readonly string[];
  readonly isVersionTimed: boolean;
  readonly contenders: readonly string[];
  readonly rounds: number;
  readonly effort: Effort;
  readonly profileFolder: string | undefined;
  /** Everything, at full effort: only such a run is worth keeping. */
  readonly isComplete: boolean;
}

/** Throws an error with a message for a person when the arguments are wrong. */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      contenders: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'cpu-prof-dir': { type: 'string' },
    },
  });
  const only = pick(values.only, [...Object.keys(SCENARIOS), 'version']);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 7));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1');
  const profileFolder = values['cpu-prof-dir'];
  const isPart = values.only !== undefined || values.contenders !== undefined || values.quick;
  return {
    scenarios: only.filter((name) => name !== 'version'),
    isVersionTimed: only.includes('version'),
    contenders: pick(values.contenders, Object.keys(CONTENDERS)),
    rounds,
    effort: values.quick ? QUICK : FULL,
    profileFolder: profileFolder === undefined ? undefined : resolve(profileFolder),
    isComplete: !isPart && profileFolder === undefined,
  };
}

function pick(list: string | undefined, all: readonly string[]): readonly string[] {
  if (list === undefined) return all;
  const names = list.split(',');
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`“${unknown}” is none of ${all.join(', ')}`);
  return all.filter((name) => names.includes(name));
}
