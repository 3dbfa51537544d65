import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One run of one part, as its file keeps it: nothing in it names a machine. */
export interface LongResult {
  readonly part: string;
  readonly description: string;
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly cores: number;
  readonly seed: number;
  readonly scale: number;
  readonly seconds: number;
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

const folder = join(import.meta.dirname, 'results');

/** Writes `<date>-<part>.json` and draws the table of README.md anew: the last run of each part. */
export function writeResult(result: LongResult): void {
  mkdirSync(folder, { recursive: true });
  const stamp = result.date.replaceAll(/[-:]/g, '').replace('T', '-').replace('Z', '');
  writeFileSync(join(folder, `${stamp}-${result.part}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), table(lastOfEach(readResults())));
}

function readResults(): readonly LongResult[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as LongResult);
}

function lastOfEach(results: readonly LongResult[]): readonly LongResult[] {
  const last = new Map<string, LongResult>();
  for (const result of results.toSorted((a, b) => a.date.localeCompare(b.date)))
    last.set(result.part, result);
  return [...last.values()].toSorted((a, b) => a.part.localeCompare(b.part));
}

function table(results: readonly LongResult[]): string {
  const rows = results.map((result) => {
    const figures = Object.entries(result.figures).map(([name, value]) => `${name} ${format(value)}`);
    const cells = [
      `**${result.part}**: ${result.description}`,
      result.ok ? 'passed' : 'FAILED',
      figures.join(' · '),
      format(result.seconds),
      `${result.seed} / ${result.scale}`,
      `${result.date.slice(0, 10)}, ${result.commit}, ${result.node}, ${result.cores} cores`,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '# Results of the long runs',
    '',
    'The last run of each part of `npm run test:long`. This file is written by the runner; each run has a file of its own',
    'beside it. A `+` after a commit: the tree had changes that were not committed.',
    '',
    '| part | | figures | seconds | seed / scale | run |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function format(value: number | string): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}
