import { closeSync, writeSync } from 'node:fs';
import type { LaunchedNode } from '../api/index.ts';
import type { Failure } from '../base/index.ts';
import { keepLogShort } from '../store/own/index.ts';

/** What a program that was started in the background writes to whoever started it: one line. */
export type LaunchReport = { readonly failure: Failure } | { readonly notices: readonly string[] };

const STDERR = 2;
/** Lines for whoever waits; all of them are in the log. */
const NOTICES_MAX = 50;

/** The started program's side of `launch`: `descriptor` is the pipe to whoever started it, and stderr is the log. */
export function launched(descriptor: number): LaunchedNode {
  let isOpen = true;
  const report = (content: LaunchReport): void => {
    if (!isOpen) return;
    isOpen = false;
    try {
      writeSync(descriptor, `${JSON.stringify(content)}\n`);
      closeSync(descriptor);
    } catch {
      // Whoever started it is gone: it runs, or says the same in its log.
    }
  };
  return {
    ready: (notices) => report({ notices: notices.slice(0, NOTICES_MAX) }),
    failed: (failure) => report({ failure }),
    keepLogShort: (home) => {
      try {
        keepLogShort(home, STDERR);
      } catch {
        // A full disk, or rights that were taken: a log is no reason to end.
      }
    },
  };
}
