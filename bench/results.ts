import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Figures } from './scenarios.ts';
import { median, spread } from './statistics.ts';

/** Of each contender, the figures of each round; undefined where the contender failed. */
export type Rounds = Readonly<Record<string, readonly (Figures | undefined)[]>>;
export type Starts = readonly Readonly<Record<string, number>>[];

export interface Summary {
  readonly median: number;
  /** (third quartile - first quartile) / median */
  readonly spread: number;
  readonly rounds: readonly number[];
}

export interface Floor {
  readonly text: string;
  readonly value: number;
  readonly isHeld: boolean;
}

export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly peers: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly figures: Readonly<Record<string, Readonly<Record<string, Summary>>>>;
  /** Of Sotto on disk and in memory: its figure divided by the other's, of the same round. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Summary>>>>>>;
  readonly starts: Readonly<Record<string, Summary>>;
  readonly floors: readonly Floor[];
}

/** What the project asks of itself. Measured, printed, and never a failure: figures of a shared machine are no test. */
const FLOORS = [
  { figure: 'oneP50Ms', against: 'raw', most: 2.3, what: 'one at a time, p50' },
  { figure: 'flightPerSecond', against: 'secret-stream', least: 0.7, what: '256 in flight' },
  { figure: 'flightPerSecond', against: 'libp2p', least: 4, what: '256 in flight' },
  { figure: 'coldPerSecond', against: 'secret-stream', least: 0.9, what: 'cold cycles' },
  { figure: 'coldPerSecond', against: 'libp2p', least: 5, what: 'cold cycles' },
] as const;
const START_EXTRA_MS = 30;

/** The others keep nothing: in memory Sotto does what they do, on disk what people run. */
const OURS = ['sotto', 'sotto-memory'] as const;

export function summarise(rounds: Rounds, starts: Starts): Results {
  const figures: Record<string, Record<string, Summary>> = {};
  for (const [name, of] of Object.entries(rounds)) figures[name] = summaries(of);
  const ours = OURS.filter((name) => rounds[name]);
  const ratios = Object.fromEntries(ours.map((name) => [name, ratiosOf(name, rounds)]));
  const startTimes = summaries(starts.map((times) => ({ ...times, ...extras(times) })));
  return {
    date: new Date().toISOString().slice(0, 10),
    ...surroundings(),
    rounds: Math.max(0, ...Object.values(rounds).map((of) => of.length)),
    figures,
    ratios,
    starts: startTimes,
    floors: [...ratioFloors(ratios), ...startFloors(startTimes)],
  };
}

function ratiosOf(ours: string, rounds: Rounds): Results['ratios'][string] {
  const others = Object.entries(rounds).filter(([name]) => name !== ours && name !== 'sotto');
  return Object.fromEntries(
    others.map(([name, of]) => [
      name,
      summaries(of.map((theirs, round) => divide(rounds[ours]?.[round], theirs))),
    ]),
  );
}

function ratioFloors(ratios: Results['ratios']): readonly Floor[] {
  return OURS.flatMap((ours) => ratioFloorsOf(ours, ratios[ours] ?? {}));
}

function ratioFloorsOf(ours: string, ratios: Results['ratios'][string]): readonly Floor[] {
  return FLOORS.flatMap((floor): readonly Floor[] => {
    const value = ratios[floor.against]?.[floor.figure]?.median;
    if (value === undefined) return [];
    const bound = 'most' in floor ? `≤ ${floor.most}` : `≥ ${floor.least}`;
    const isHeld = 'most' in floor ? value <= floor.most : value >= floor.least;
    return [{ text: `${ours}: ${floor.what} ${bound} × ${floor.against}`, value, isHeld }];
  });
}

function startFloors(starts: Results['starts']): readonly Floor[] {
  const value = (starts['builtExtraMs'] ?? starts['sourceExtraMs'])?.median;
  if (value === undefined) return [];
  const text = `sotto --version ≤ node -e 0 + ${START_EXTRA_MS} ms`;
  return [{ text, value, isHeld: value <= START_EXTRA_MS }];
}

function extras(times: Readonly<Record<string, number>>): Figures {
  const { nodeMs = Number.NaN, builtMs, sourceMs = Number.NaN } = times;
  return {
    sourceExtraMs: sourceMs - nodeMs,
    ...(builtMs === undefined ? {} : { builtExtraMs: builtMs - nodeMs }),
  };
}

function divide(ours: Figures | undefined, theirs: Figures | undefined): Figures | undefined {
  if (!ours || !theirs) return undefined;
  return Object.fromEntries(
    Object.entries(theirs).map(([figure, value]) => [figure, (ours[figure] ?? Number.NaN) / value]),
  );
}

function summaries(rounds: readonly (Figures | undefined)[]): Record<string, Summary> {
  const whole = rounds.filter((figures) => figures !== undefined);
  const names = Object.keys(whole[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = whole.map((figures) => figures[name] ?? Number.NaN);
      return [
        name,
        { median: median(values), spread: spread(values), rounds: values.map((value) => round(value)) },
      ];
    }),
  );
}

function surroundings(): Pick<Results, 'commit' | 'node' | 'cpu' | 'cores' | 'peers'> {
  const own = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return {
    commit: commitOf(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    peers: own.dependencies,
  };
}

function commitOf(): string {
  try {
    const options = {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    } as const;
    return execFileSync('git', ['describe', '--always', '--dirty'], options).trim();
  } catch {
    return 'unknown';
  }
}

/** Four significant digits: more is noise. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
