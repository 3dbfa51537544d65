import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whenAndWhere } from '../machine.ts';
import { median, spread } from '../statistics.ts';
import type { Figures } from './messages.ts';

const RESULTS = join(import.meta.dirname, '..', 'results');

const LINES = [
  ['database flightPerSecond', '256 in flight, on the database of both (texts/s)'],
  ['memory flightPerSecond', '256 in flight, stores in memory (texts/s)'],
  ['rowsPerSecond', 'the same transactions, no network (texts/s)'],
  ['memory oneP50Ms', 'one at a time, to the ack’s arrival, stores in memory, p50 (ms)'],
  ['log oneP50Ms', '… in memory, and the bare log: a write and an fsync a commit, p50 (ms)'],
  ['database oneP50Ms', '… on the database, p50 (ms)'],
  ['memory oneP95Ms', '… stores in memory, p95 (ms)'],
  ['log oneP95Ms', '… in memory, and the bare log, p95 (ms)'],
  ['database oneP95Ms', '… on the database, p95 (ms)'],
  ['database commitsOnPath', 'commits on the path, one fsync each'],
  ['outbox-put', '… what the sender’s writes to the log (bytes)'],
  ['inbox-put', '… what the receiver’s writes (bytes)'],
  ['syncMs', '… write and fsync of one, in place: (bare log − memory) ÷ 2 (ms)'],
  ['restMs', '… statements and encryption of one: (database − bare log) ÷ 2 (ms)'],
] as const;

const FLOORS = [
  { figure: 'flightToRows', least: 0.5, text: '256 in flight ≥ 0.5 × the same transactions, no network' },
  { figure: 'extraSyncs', most: 2, text: 'one at a time ≤ memory + 2 fsyncs: (database − memory) ÷ fsync' },
] as const;

/** The tables for a person, in Markdown. */
export function describe(all: readonly Figures[]): string {
  const of = (key: string): readonly number[] => all.map((figures) => figures[key] ?? Number.NaN);
  const cell = (key: string): string =>
    `${Number(median(of(key)).toPrecision(3)).toLocaleString('en')} ±${Math.round(spread(of(key)) * 100)}%`;
  const floors = FLOORS.map((floor) => {
    const value = median(of(floor.figure));
    const isHeld = 'most' in floor ? value <= floor.most : value >= floor.least;
    return `| ${floor.text} | ${cell(floor.figure)} | ${isHeld ? 'ok' : 'below'} |`;
  });
  return [
    `${whenAndWhere()} · ${all.length} rounds`,
    '',
    '| Median of the rounds ± spread | |',
    '| --- | --: |',
    ...LINES.map(([key, text]) => `| ${text} | ${cell(key)} |`),
    '',
    '| Floor | is | |',
    '| --- | --: | --- |',
    ...floors,
    '',
  ].join('\n');
}

/** Into bench/results: durable.md for people, durable.json for machines. */
export function keep(all: readonly Figures[], report: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'durable.md'), `# What durability costs\n\n${report}`);
  writeFileSync(join(RESULTS, 'durable.json'), `${JSON.stringify(all, undefined, 2)}\n`);
}
