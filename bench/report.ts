import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results, Summary } from './results.ts';

const FOLDER = join(import.meta.dirname, 'results');

/** How each figure reads. */
const ROWS = [
  ['oneP50Ms', 'one at a time, p50 (ms)'],
  ['oneP95Ms', 'one at a time, p95 (ms)'],
  ['flightPerSecond', '256 in flight (texts/s)'],
  ['flightSenderCpuUs', '… the sender’s CPU (µs/text)'],
  ['flightReceiverCpuUs', '… the receiver’s CPU (µs/text)'],
  ['coldPerSecond', 'cold cycles (1/s)'],
  ['coldMs', 'cold cycle, median (ms)'],
  ['firstMs', 'first contact (ms)'],
] as const;
const STARTS = [
  ['nodeMs', 'node -e 0'],
  ['builtMs', 'sotto --version, built'],
  ['builtExtraMs', '… more than node'],
  ['sourceMs', 'sotto --version, from src/'],
  ['sourceExtraMs', '… more than node'],
] as const;

/** The tables for a person, in Markdown. */
export function describe(results: Results): string {
  const { date, commit, node, cpu, cores, rounds, figures, ratios, starts, floors } = results;
  const tables = [
    `${date} · ${commit} · Node ${node} · ${cpu}, ${cores} cores · ${rounds} rounds`,
    table('Median of the rounds ± spread, interquartile range ÷ median', figures),
    ...Object.entries(ratios).map(([name, of]) =>
      table(`The figure of ${name} ÷ theirs, in the same round`, of),
    ),
    lines(
      ['Start (ms)', 'median'],
      STARTS.flatMap(([key, text]) => (starts[key] ? [[text, cell(starts[key])]] : [])),
    ),
    lines(
      ['Floor', 'is', ''],
      floors.map(({ text, value, isHeld }) => [text, significant(value), isHeld ? 'ok' : 'below']),
    ),
  ];
  return `${tables.filter((text) => text !== '').join('\n\n')}\n`;
}

/** bench/results/<date>.json for machines and latest.md for people. Returns what was written. */
export function keep(results: Results): readonly string[] {
  mkdirSync(FOLDER, { recursive: true });
  const files = { [`${results.date}.json`]: `${JSON.stringify(results, undefined, 2)}\n` };
  const peers = Object.entries(results.peers).map(([name, version]) => `${name} ${version}`);
  files['latest.md'] = `# Latest figures\n\n${describe(results)}\n${peers.join(' · ')}\n`;
  for (const [name, text] of Object.entries(files)) writeFileSync(join(FOLDER, name), text);
  return Object.keys(files).map((name) => `bench/results/${name}`);
}

function table(title: string, columns: Results['figures']): string {
  const names = Object.keys(columns);
  const rows = ROWS.filter(([key]) => names.some((name) => columns[name]?.[key]));
  return lines(
    [title, ...names],
    rows.map(([key, text]) => [text, ...names.map((name) => cell(columns[name]?.[key]))]),
  );
}

function lines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const widths = head.map((text, column) =>
    Math.max(3, text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

function cell(summary: Summary | undefined): string {
  if (!summary || Number.isNaN(summary.median)) return '–';
  return `${significant(summary.median)} ±${Math.round(summary.spread * 100)}%`;
}

/** Three digits that count. */
function significant(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}
