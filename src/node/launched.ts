import { closeSync, writeSync } from 'node:fs';
import type { LaunchedNode } from '../api/index.ts';
import type { Failure } from '../base/index.ts';
import { keepLogShort } from '../store/own/index.ts';

/** What a program that was started in the background writes to whoever started it: one line. */
export interface LaunchReport {
  readonly failure?: Failure;
}

const STDERR = 2;

/** The started program's side of `launch`: `descriptor` is the pipe to whoever started it, and stderr is the log. */
export function launched(descriptor: number): LaunchedNode {
  let isOpen = true;
  return {
    report: (failure) => {
      if (!isOpen) return;
      isOpen = false;
      const report: LaunchReport = failure ? { failure } : {};
      try {
        writeSync(descriptor, `${JSON.stringify(report)}\n`);
        closeSync(descriptor);
      } catch {
        // Whoever started it is gone: it runs, or says the same in its log.
      }
    },
    keepLogShort: (home) => {
      try {
        keepLogShort(home, STDERR);
      } catch {
        // A full disk, or rights that were taken: a log is no reason to end.
      }
    },
  };
}
