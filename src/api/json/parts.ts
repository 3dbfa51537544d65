// What the shapes are made of. Each field carries the words that docs/json.md and the control socket's document say of it.
import * as v from 'valibot';
import { ERROR_CODES, type ErrorCode, type Failure } from '../../base/index.ts';
import type { FailureJson, TimeJson, UntilJson } from '../to-json/index.ts';
import { MUTED_FOR_GOOD } from '../views.ts';

/** A schema of a shape: fields that a later version adds are passed over. */
export type Shape<Json> = v.GenericSchema<unknown, Json>;

/** A field that may be left out. */
export type Perhaps<Json> = v.ExactOptionalSchema<Shape<Json>, undefined>;

/** With words about it. */
export function said<Schema extends v.GenericSchema>(schema: Schema, words: string): Schema {
  return v.pipe(schema, v.description(words)) as unknown as Schema;
}

/** An object that says what it is in its `type`. */
export function shape<Type extends string, Entries extends v.ObjectEntries>(
  type: Type,
  words: string,
  entries: Entries,
): v.ObjectSchema<{ readonly type: v.LiteralSchema<Type, undefined> } & Entries, undefined> {
  return said(v.object({ type: v.literal(type), ...entries }), words);
}

const ISO_8601 =
  /^(?:\d{4}|[+-]\d{6})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const NO_TIME = 'a time is written like 2026-11-23T09:30:00Z, or +01:00 for Z';

const time = v.union([
  v.pipe(
    v.string(),
    v.regex(ISO_8601, NO_TIME),
    v.check((text) => !Number.isNaN(Date.parse(text)), NO_TIME),
  ),
  v.number(),
]);

/** A time, with what it is the time of. */
export function timeOf(words: string): Shape<TimeJson> {
  return said(time, words);
}
export function untilOf(words: string): Shape<UntilJson> {
  return said(v.union([v.literal('forever'), time]), words);
}
/** A whole number that is not negative. */
export function countOf(words: string): Shape<number> {
  return said(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), words);
}
export function textOf(words: string): Shape<string> {
  return said(v.string(), words);
}
export function flagOf(words: string): Shape<boolean> {
  return said(v.boolean(), words);
}

export const NAME: Shape<string> = textOf('the contact, as one’s own directory calls it');
export const ID: Shape<string> = textOf('the message: a UUIDv7, for as long as it lives');
export const POSITION: Shape<number> = countOf(
  'its place in the history: it grows as messages are stored here',
);

/** The fields of a failure, with words about when they are there. */
export const FAILURE_FIELDS: {
  readonly code: Shape<string>;
  readonly message: Shape<string>;
  readonly hint: Perhaps<string>;
} = {
  code: textOf('what failed: stable, see spec/errors.md'),
  message: textOf('the same as a sentence, for people; it may change'),
  hint: v.exactOptional(textOf('what to do about it')),
};

/** The same where there may be none. */
export const PERHAPS_FAILURE_FIELDS: { readonly [Field in keyof FailureJson]-?: Perhaps<string> } = {
  code: v.exactOptional(FAILURE_FIELDS.code),
  message: v.exactOptional(FAILURE_FIELDS.message),
  hint: FAILURE_FIELDS.hint,
};

export const FAILURE: Shape<FailureJson> = said(
  v.object(FAILURE_FIELDS),
  'What failed, wherever it is part of something else.',
);

/** UTC ms. */
export function timeFromJson(time: TimeJson): number {
  return typeof time === 'number' ? time : Date.parse(time);
}

export function untilFromJson(until: UntilJson): number {
  return until === 'forever' ? MUTED_FOR_GOOD : timeFromJson(until);
}

/** A code that a later version may have is none that this one can act on. */
export function failureFromJson({ code, message, hint }: FailureJson): Failure {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal';
  return { code: known, message, ...(hint !== undefined && { hint }) };
}

export function reasonFromJson({ code, message, hint }: Partial<FailureJson>): Failure | undefined {
  if (code === undefined) return undefined;
  return failureFromJson({ code, message: message ?? '', ...(hint !== undefined && { hint }) });
}
