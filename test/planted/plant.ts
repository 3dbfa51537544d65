import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edit, PlantedBug } from './planted-bug.ts';

const root = join(import.meta.dirname, '../..');
const COPIED = [
  'src',
  'test',
  'spec',
  'package.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'vitest.config.ts',
];

export interface Outcome {
  readonly bug: string;
  /** The named test passes without the bug … */
  readonly isSoundWithout: boolean;
  /** … and fails with it. */
  readonly isCaught: boolean;
}

/** A copy of the sources in which a mistake may be made. The vectors beside the project stay where they are. */
export class Copy implements Disposable {
  readonly #parent = mkdtempSync(join(tmpdir(), 'sotto-planted-'));
  readonly #folder = join(this.#parent, 'main');

  constructor() {
    mkdirSync(this.#folder);
    for (const name of COPIED) cpSync(join(root, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    symlinkSync(join(root, '../shared'), join(this.#parent, 'shared'));
  }

  /** Runs the bug's test without the bug, then with it. */
  async try(bug: PlantedBug): Promise<Outcome> {
    const isSoundWithout = await this.#passes(bug.test);
    const sound = new Map<string, string>();
    for (const edit of bug.edits) {
      const path = join(this.#folder, edit.file);
      const text = readFileSync(path, 'utf8');
      if (!sound.has(path)) sound.set(path, text);
      writeFileSync(path, plant(text, edit));
    }
    try {
      return { bug: bug.name, isSoundWithout, isCaught: !(await this.#passes(bug.test)) };
    } finally {
      for (const [path, text] of sound) writeFileSync(path, text);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true });
  }

  async #passes(test: PlantedBug['test']): Promise<boolean> {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const outputFile = join(this.#parent, 'report.json');
    const child = spawn(
      process.execPath,
      [vitest, 'run', test.file, '-t', escaped(test.name), '--reporter', 'json', '--outputFile', outputFile],
      { cwd: this.#folder, stdio: 'ignore' },
    );
    await new Promise((resolve) => child.once('close', resolve));
    const report = JSON.parse(readFileSync(outputFile, 'utf8')) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
    };
    rmSync(outputFile);
    if (report.numPassedTests + report.numFailedTests === 0)
      throw new Error(`no test of ${test.file} is named “${test.name}”`);
    return report.numFailedTests === 0;
  }
}

/** The file's text with the mistake in it. Throws unless the place exists, once. */
export function plant(text: string, edit: Edit): string {
  const places = text.split(edit.find).length - 1;
  if (places !== 1) throw new Error(`the place of a planted bug occurs ${places} times in ${edit.file}`);
  return text.replace(edit.find, () => edit.replace);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
