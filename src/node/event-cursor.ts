import type { EventCursor } from '../api/index.ts';

/** Where a reader of events stands, for whoever comes again. */
export interface Standpoint {
  /**
   * Of the last event that it was handed, in this run; undefined: it was still being told from the store what else it had missed,
   * which begins anew.
   */
  readonly number: number | undefined;
  /** Messages were still coming from the store: the next ones are to be had there, and not among the events. */
  readonly isBehind: boolean;
  /** Of the last message that it was handed: it knows all that came up to there. */
  readonly position: number;
  /** Nothing below this position that was sent can have changed since. */
  readonly lowest: number;
}

/** A standpoint as it was written, in this run or in another one. */
export interface ReadCursor extends Standpoint {
  readonly run: string;
}

const CURSOR = /^v1\.([\w-]{8})\.([0-9a-f]{16})\.(-|\d{1,15})(b?)\.(\d{1,15})\.(\d{1,15})$/;

/** `home`: 8 letters that no other home has. `run`: 16 hexadecimal digits. */
export function writeCursor(home: string, run: string, at: Standpoint): EventCursor {
  const number = `${at.number ?? '-'}${at.isBehind ? 'b' : ''}`;
  return `v1.${home}.${run}.${number}.${at.position}.${at.lowest}` as EventCursor;
}

/** Undefined for what is no cursor of this home. */
export function readCursor(home: string, text: string): ReadCursor | undefined {
  const [, ofHome, run, number, behind, position, lowest] = CURSOR.exec(text) ?? [];
  if (run === undefined || ofHome !== home) return undefined;
  return {
    run,
    number: number === '-' ? undefined : Number(number),
    isBehind: behind === 'b',
    position: Number(position),
    lowest: Number(lowest),
  };
}
