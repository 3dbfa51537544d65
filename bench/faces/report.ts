import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whenAndWhere } from '../machine.ts';

export type Figures = Readonly<Record<string, number>>;

const RESULTS = join(import.meta.dirname, '..', 'results');

const LINES = [
  ['emptyMs', '`node -e 0`, from its start to its end, p50 (ms)'],
  ['sendMs', '`echo hi \\| sotto send bob --wait queued`, p50 (ms)'],
  ['outboxMs', '`sotto outbox`, which goes the long way, p50 (ms)'],
  ['outboxToEmpty', '… ÷ `node -e 0`'],
  ['callP50Ms', 'one `send` over the socket to acceptance, p50 (ms)'],
  ['callP99Ms', '… p99 (ms)'],
  ['crowdP50Ms', '1,000 texts a second from 50 clients, each to its acceptance, p50 (ms)'],
  ['crowdP99Ms', '… p99 (ms)'],
  ['fastPerSecond', '50 clients, each of them as fast as it has its answers (texts/s)'],
  ['accepted', '… texts of both that were accepted'],
] as const;

const FLOORS = [
  { figure: 'sendToEmpty', most: 2, text: '`sotto send bob --wait queued` ≤ 2 × `node -e 0`' },
  { figure: 'callP50Ms', most: 5, text: 'one `send` over the socket ≤ 5 ms' },
  {
    figure: 'crowdPerSecond',
    least: 990,
    text: 'of 1,000 texts a second from 50 clients accepted in that time',
  },
  { figure: 'lost', most: 0, text: 'accepted and not arrived' },
  { figure: 'doubled', most: 0, text: 'arrived twice' },
] as const;

/** The tables for a person, in Markdown. */
export function describe(figures: Figures): string {
  const cell = (key: string): string =>
    Number((figures[key] ?? Number.NaN).toPrecision(3)).toLocaleString('en');
  const floors = FLOORS.map((floor) => {
    const value = figures[floor.figure] ?? Number.NaN;
    const isHeld = 'most' in floor ? value <= floor.most : value >= floor.least;
    return `| ${floor.text} | ${cell(floor.figure)} | ${isHeld ? 'ok' : 'missed'} |`;
  });
  return [
    whenAndWhere(),
    '',
    '| Beside a running Sotto | |',
    '| --- | --: |',
    ...LINES.map(([key, text]) => `| ${text} | ${cell(key)} |`),
    '',
    '| Floor | is | |',
    '| --- | --: | --- |',
    ...floors,
    '',
  ].join('\n');
}

/** Into bench/results: faces.md for people, faces.json for machines. */
export function keep(figures: Figures, report: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'faces.md'), `# How fast the faces are\n\n${report}`);
  writeFileSync(join(RESULTS, 'faces.json'), `${JSON.stringify(figures, undefined, 2)}\n`);
}
