import { usageError } from './report-error.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
/** setTimeout's own limit: a longer one would fire at once. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** `30`, `30s`, `500ms`, `2m`, `1h` in milliseconds; a number alone is seconds. Throws `usage`, naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text.trim());
  const unit = (match?.[2] ?? 's') as keyof typeof UNIT_MS;
  const ms = match ? Math.round(Number(match[1]) * UNIT_MS[unit]) : Number.NaN;
  if (ms <= DURATION_MS_MAX) return ms;
  throw usageError(`${flag} is not a time: “${text}”`, 'Write it like 30, 30s, 500ms or 2m.');
}
