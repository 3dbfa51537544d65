import type { Failure } from '../../base/index.ts';
import { MUTED_FOR_GOOD } from '../views.ts';
import type { FailureJson, TimeJson, UntilJson } from './shapes.ts';

/** Further from 1970 no `Date` reaches, ms (ECMA-262, “Time Values and Time Range”). */
const DATE_MAX = 8.64e15;

/** UTC ms, as docs/json.md writes times. */
export function timeToJson(wall: number): TimeJson {
  return Math.abs(wall) <= DATE_MAX ? new Date(wall).toISOString() : wall;
}

/** As `timeToJson`; what has no end is `forever`. */
export function untilToJson(wall: number): UntilJson {
  return wall === MUTED_FOR_GOOD ? 'forever' : timeToJson(wall);
}

export function failureToJson({ code, message, hint }: Failure): FailureJson {
  return { code, message, ...(hint !== undefined && { hint }) };
}

/** A failure as fields of what failed; none are nothing. */
export function reasonToJson(reason: Failure | undefined): Partial<FailureJson> {
  return reason === undefined ? {} : failureToJson(reason);
}
