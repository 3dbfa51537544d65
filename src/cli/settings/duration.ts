import { usageError } from '../report-error.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
/** setTimeout's own limit, 24 days: a longer one would fire at once. */
const DURATION_MS_MAX = 2 ** 31 - 1;
/** A hundred years: beyond that a time is a mistake. */
const SPAN_MS_MAX = 36_525 * UNIT_MS.d;

/** `30`, `30s`, `500ms`, `2m`, `1h`, `2d` in milliseconds; a number alone is seconds. Throws `usage`, naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const ms = parseMs(text, 's');
  if (ms !== undefined && ms <= DURATION_MS_MAX) return ms;
  throw usageError(
    `${flag} is not a time: “${text}”`,
    'Write it like 30, 30s, 500ms, 2m or 1h; at most 24d.',
  );
}

/** As parseDuration, up to a hundred years, for what is given up: never 0, and never a number without its unit. */
export function parseSpan(text: string, flag: string): number {
  const ms = parseMs(text);
  if (ms !== undefined && ms > 0 && ms <= SPAN_MS_MAX) return ms;
  throw usageError(
    `${flag} is not a span of time: “${text}”`,
    'Write it with its unit, like 30m, 12h, 2d or 1w.',
  );
}

/** How long everything is kept: in days, weeks or years alone, so that nobody who means months says minutes. Throws `usage`. */
export function parseKeep(text: string, flag: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(d|w|y)$/.exec(text.trim());
  const unit = { d: UNIT_MS.d, w: UNIT_MS.w, y: 365 * UNIT_MS.d }[match?.[2] ?? ''] ?? 0;
  const ms = Math.round(Number(match?.[1]) * unit);
  if (ms > 0 && ms <= SPAN_MS_MAX) return ms;
  throw usageError(
    `${flag} is not a time to keep messages for: “${text}”`,
    'Write it in days, weeks or years: 90d, 12w or 1y. What is older is deleted.',
  );
}

/**
 * A moment, UTC ms: how long ago (`2d`), a local day (`2026-11-01`), or an ISO 8601 time, local unless it names its zone.
 * Throws `usage`, naming the flag.
 */
export function parseMoment(text: string, flag: string, nowWall: number): number {
  const ago = parseMs(text);
  if (ago !== undefined && ago <= SPAN_MS_MAX) return nowWall - ago;
  const wall = parseTime(text);
  if (wall !== undefined) return wall;
  throw usageError(
    `${flag} is no time: “${text}”`,
    'Write it like 2d (that long ago), 2026-11-01 or 2026-11-01T09:30.',
  );
}

/**
 * A moment to come, UTC ms: after how long (`8h`), the beginning of a local day, or an ISO 8601 time, local unless it names its zone.
 * Throws `usage`, naming the flag.
 */
export function parseUntil(text: string, flag: string, nowWall: number): number {
  const span = parseMs(text);
  const wall = span !== undefined && span <= SPAN_MS_MAX ? nowWall + span : parseTime(text);
  if (wall !== undefined && wall > nowWall) return wall;
  throw usageError(
    wall === undefined ? `${flag} is no time: “${text}”` : `${flag} is past: “${text}”`,
    'Write it like 8h (for that long), 2027-01-31 or 2027-01-31T09:30.',
  );
}

/** Undefined when it is none, or has no unit and `unitless` names none either. */
function parseMs(text: string, unitless?: keyof typeof UNIT_MS): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|w)?$/.exec(text.trim());
  const unit = (match?.[2] ?? unitless) as keyof typeof UNIT_MS | undefined;
  return match && unit ? Math.round(Number(match[1]) * UNIT_MS[unit]) : undefined;
}

/** Undefined when it is neither a day nor a time. */
function parseTime(text: string): number | undefined {
  const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$/.test(text.trim()) ? text.trim().replace(' ', 'T') : '';
  // A date alone would be read as midnight in UTC.
  const wall = Date.parse(iso.length === 10 ? `${iso}T00:00` : iso);
  return Number.isNaN(wall) ? undefined : wall;
}
