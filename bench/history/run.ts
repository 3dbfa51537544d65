// A long history: how fast it opens, pages, is searched and forgets. See bench/README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HistoryQuery } from '../../src/api/index.ts';
import type { Home } from '../../src/store/index.ts';
import { median, percentile } from '../statistics.ts';
import { Builder, contactName, CONTACTS, open, wallOf } from './build.ts';
import { SEARCHES } from './searches.ts';

const COMPLETE = 1_000_000;
const RESULTS = join(import.meta.dirname, '..', 'results');
const RUNS = 7;

interface Figure {
  readonly text: string;
  readonly value: number;
  readonly unit: 'ms' | 'µs' | 'MB' | 's';
  /** What the project asks of itself. */
  readonly most?: number;
}

const { values } = parseArgs({ options: { messages: { type: 'string' } } });
const count = Number(values.messages ?? COMPLETE);
const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-history-'));
try {
  const figures = measure();
  const report = describe(figures);
  process.stdout.write(`\n${report}`);
  if (count === COMPLETE) keep(figures, report);
} finally {
  rmSync(folder, { recursive: true });
}

function measure(): readonly Figure[] {
  const built = build();
  const openings = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    using home = open(folder);
    home.history.page();
    return performance.now() - began;
  });
  const figures: readonly Figure[] = [
    ...built,
    { text: 'the files of the home', value: sizeOf(folder) / 1e6, unit: 'MB' },
    { text: 'open, and the newest page', value: median(openings), unit: 'ms', most: 1_000 },
  ];
  using home = open(folder);
  return [...figures, ...pages(home), ...searches(home), ...erasing(home)];
}

function build(): readonly Figure[] {
  using home = open(folder);
  const perMessage = (act: () => void): number => {
    const began = performance.now();
    act();
    return ((performance.now() - began) / count) * 1_000;
  };
  const committed = perMessage(() =>
    new Builder(home).build(count, (done) => process.stderr.write(`${done} messages\n`)),
  );
  const plainSize = sizeOf(folder);
  process.stderr.write('their words …\n');
  const steps: number[] = [];
  const indexed = perMessage(() => {
    for (let isMore = true; isMore;) {
      const began = performance.now();
      isMore = home.tidy();
      steps.push(performance.now() - began);
    }
  });
  return [
    { text: 'commit, in batches of 500, for each message', value: committed, unit: 'µs' },
    { text: 'index, in idle time, for each message', value: indexed, unit: 'µs' },
    { text: '… the longest of 99 % of its steps', value: percentile(steps, 0.99), unit: 'ms' },
    { text: '… what it adds to the file', value: (sizeOf(folder) - plainSize) / 1e6, unit: 'MB' },
  ];
}

function pages(home: Home): readonly Figure[] {
  const [often, seldom] = [contactName(0), contactName(CONTACTS - 1)];
  const middle = wallOf(count / 2);
  const queries: Readonly<Record<string, HistoryQuery>> = {
    'newest page': {},
    '… of whom one writes with most': { with: often },
    '… of whom one writes with least': { with: seldom },
    '… since the last hour': { sinceWall: wallOf(count - 30) },
    '… since the last hour, of whom one writes with least': { sinceWall: wallOf(count - 30), with: seldom },
    '… until the middle': { untilWall: middle },
    '… of an hour in the middle': { sinceWall: middle, untilWall: middle + 3_600_000 },
    'page in the middle, from its position': { before: count / 2 },
  };
  return Object.entries(queries).map(([text, query]) => {
    const times = Array.from({ length: 30 }, () => timeOf(home, query));
    return { text, value: median(times), unit: 'ms', most: 10 };
  });
}

function searches(home: Home): readonly Figure[] {
  const [often, seldom] = [contactName(0), contactName(CONTACTS - 1)];
  const middle = wallOf(count / 2);
  const ways: Readonly<Record<string, Omit<HistoryQuery, 'search'>>> = {
    'search, everywhere': {},
    '… of whom one writes with most': { with: often },
    '… of whom one writes with least': { with: seldom },
    '… until the middle': { untilWall: middle },
    '… from a position in the middle': { before: count / 2 },
  };
  const worst: (readonly [number, string])[] = [];
  const figures = Object.entries(ways).map(([text, way]): Figure => {
    const times = SEARCHES.map((search) => {
      const time = median(Array.from({ length: 3 }, () => timeOf(home, { ...way, search })));
      worst.push([time, `“${search}” ${text}`]);
      return time;
    });
    return {
      text: `${text} (p95 of ${SEARCHES.length} searches)`,
      value: percentile(times, 0.95),
      unit: 'ms',
      most: 100,
    };
  });
  const [slowest] = worst.toSorted(([a], [b]) => b - a);
  if (slowest) figures.push({ text: `the slowest: ${slowest[1]}`, value: slowest[0], unit: 'ms' });
  return figures;
}

function erasing(home: Home): readonly Figure[] {
  const { entries } = home.history.page({ before: count / 2, limit: 1 });
  const [entry] = entries;
  if (!entry) throw new Error('there is nothing to delete');
  const steps: number[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const began = performance.now();
    after = home.history.erase({ id: entry.id }, after, 200).next;
    steps.push(performance.now() - began);
  }
  const whole = steps.reduce((sum, step) => sum + step, 0);
  return [
    { text: 'delete one message, until nothing of it is in the file', value: whole / 1_000, unit: 's' },
    { text: '… the longest of its steps', value: Math.max(...steps), unit: 'ms' },
  ];
}

function timeOf(home: Home, query: HistoryQuery): number {
  const began = performance.now();
  home.history.page(query);
  return performance.now() - began;
}

function sizeOf(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

function describe(figures: readonly Figure[]): string {
  const head = `${count.toLocaleString('en')} messages with ${CONTACTS} contacts · Node ${process.version} · ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`;
  const rows = figures.map(({ text, value, unit, most }) => {
    const floor = most === undefined ? '' : `${value <= most ? 'ok' : 'above'} (≤ ${most})`;
    return `| ${text} | ${Number(value.toPrecision(3))} ${unit} | ${floor} |`;
  });
  return `${head}\n\n| Figure | is | asked |\n| --- | ---: | --- |\n${rows.join('\n')}\n`;
}

function keep(figures: readonly Figure[], report: string): void {
  mkdirSync(RESULTS, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  }).trim();
  const json = JSON.stringify(
    { date, commit, node: process.version, messages: count, figures },
    undefined,
    2,
  );
  writeFileSync(join(RESULTS, `history-${date}.json`), `${json}\n`);
  writeFileSync(join(RESULTS, 'history.md'), `# A long history\n\n${date} · ${commit} · ${report}`);
}
