import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** The head of a report: `2026-11-23 · 9f0b054 · Node 24.21.0 · AMD EPYC, 2 cores`. */
export function whenAndWhere(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0]?.model ?? '?'}, ${cpus().length} cores`;
  return [date, commit, `Node ${process.versions.node}`, machine].join(' · ');
}
