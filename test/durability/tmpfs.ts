import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BLOCK = new Uint8Array(4_096);

/** A small disk in memory, which can be filled to its last block. Needs root. */
export class Tmpfs implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sotto-small-'));
  readonly #dispose = (): void => this[Symbol.dispose]();

  constructor(mebibytes: number) {
    const { status, stderr } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', this.folder],
      { encoding: 'utf8' },
    );
    if (status === 0) {
      // Also when a test runner gives up in the middle.
      process.once('exit', this.#dispose);
      return;
    }
    rmSync(this.folder, { recursive: true });
    throw new Error(`tmpfs cannot be mounted: ${stderr}`);
  }

  /** Not a block is left. */
  fill(): void {
    const file = openSync(join(this.folder, 'filler'), 'a');
    try {
      for (;;) writeSync(file, BLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }
  free(): void {
    rmSync(join(this.folder, 'filler'));
  }
  [Symbol.dispose](): void {
    process.off('exit', this.#dispose);
    spawnSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Why there can be none here, or undefined. */
export function whyNoTmpfs(): string | undefined {
  try {
    using _ = new Tmpfs(1);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
