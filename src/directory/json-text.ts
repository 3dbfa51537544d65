import { createScanner, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { decodeUtf8, failure, success, type Bytes, type Result } from '../base/index.ts';

/** A file of people is small; what is larger is another file by mistake. */
export const DIRECTORY_BYTES_MAX = 1_048_576;

/** The parser is recursive; a directory needs 4 levels, and unknown fields may have some of their own. */
const DEPTH_MAX = 32;

/** Parsed JSON where every value knows its place. */
export interface JsonDocument {
  readonly text: string;
  readonly root: Node;
  /** 1-based. */
  line(offset: number): number;
  /** `line 7, column 3`, both 1-based; the column counts characters. */
  place(offset: number): string;
}

/** Strict JSON in UTF-8. Fails with directory-invalid, naming line and column of the first mistake (DIR-01). */
export function parseJsonBytes(bytes: Bytes): Result<JsonDocument> {
  if (bytes.length > DIRECTORY_BYTES_MAX) {
    return failure('directory-invalid', `the file has ${bytes.length} bytes; at most 1 MiB is possible`);
  }
  if (isUtf16(bytes)) {
    return failure('directory-invalid', 'line 1, column 1: the file is in UTF-16', 'Save it as UTF-8.');
  }
  const text = decodeUtf8(bytes);
  if (text !== undefined) return parseJsonText(text);
  return failure(
    'directory-invalid',
    `line ${badLine(bytes)}: bytes that are not UTF-8`,
    'Save the file as UTF-8.',
  );
}

export function parseJsonText(text: string): Result<JsonDocument> {
  const places = placesOf(text);
  const mistake = (offset: number, message: string, hint?: string) =>
    failure('directory-invalid', `${places.place(offset)}: ${message}`, hint);
  if (text.startsWith('\uFEFF')) {
    return mistake(0, 'the file begins with a byte order mark', 'Save it as “UTF-8 without BOM”.');
  }
  if (text.trim() === '') return mistake(0, 'the file is empty', 'An empty directory is written [].');
  const tooDeep = depthOverflow(text);
  if (tooDeep !== undefined) return mistake(tooDeep, `more than ${DEPTH_MAX} brackets inside each other`);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (first !== undefined || root === undefined) {
    const { offset, message, hint } = explain(text, first);
    return mistake(offset, message, hint);
  }
  return success({ text, root, ...places });
}

function isUtf16(bytes: Bytes): boolean {
  const [a, b] = bytes;
  return (
    (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (bytes.length > 1 && (a === 0 || b === 0))
  );
}

/** A line feed is never part of a longer UTF-8 sequence, so each line stands for itself. */
function badLine(bytes: Bytes): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || decodeUtf8(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}

function placesOf(text: string): Pick<JsonDocument, 'line' | 'place'> {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const line = (offset: number) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  const place = (offset: number) => {
    const number = line(offset);
    const before = text.slice(starts[number - 1], offset);
    return `line ${number}, column ${Array.from(before).length + 1}`;
  };
  return { line, place };
}

function depthOverflow(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (;;) {
    scanner.scan();
    const offset = scanner.getTokenOffset();
    if (offset >= text.length) return undefined;
    const char = text[offset];
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if (depth > DEPTH_MAX) return offset;
  }
}

interface Explanation {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

function explain(text: string, error: ParseError | undefined): Explanation {
  if (error === undefined) return { offset: 0, message: 'the file is not JSON' };
  const name = printParseErrorCode(error.error);
  const { offset } = error;
  const before = text.slice(0, offset).trimEnd();
  const isExtraComma =
    before.endsWith(',') &&
    /[\]}]/.test(text[offset] ?? '') &&
    /^(?:ValueExpected|PropertyNameExpected)$/.test(name);
  if (isExtraComma) {
    const last = text[offset] === ']' ? 'entry' : 'field';
    return {
      offset: before.length - 1,
      message: `a comma after the last ${last}`,
      hint: 'Take the comma away.',
    };
  }
  if (text.slice(offset).trim() === '') {
    return { offset, message: 'the file ends too early', hint: 'A } or the last ] is missing.' };
  }
  const [message, hint] = SENTENCES[name] ?? ['this is not JSON'];
  return hint === undefined ? { offset, message } : { offset, message, hint };
}

/** By the parser's names of its errors. */
const SENTENCES: Readonly<Record<string, readonly [string, string?]>> = {
  InvalidSymbol: ['this is not a JSON value', 'Texts stand in double quotes: "like this".'],
  InvalidNumberFormat: ['this is not a number', 'Numbers are digits without leading zeros.'],
  UnexpectedEndOfNumber: ['this number is not complete'],
  PropertyNameExpected: ['a field name in double quotes belongs here'],
  ValueExpected: ['a value is missing here'],
  ColonExpected: ['a colon is missing here'],
  CommaExpected: ['a comma is missing before this'],
  CloseBraceExpected: ['a } is missing before this'],
  CloseBracketExpected: ['a ] is missing before this'],
  EndOfFileExpected: ['something follows after the end of the list', 'The file is one list: [ {…}, {…} ].'],
  InvalidCommentToken: [
    'a comment; JSON has none',
    'Fields that Sotto does not know are kept: "note": "…" works.',
  ],
  UnexpectedEndOfComment: ['a comment; JSON has none'],
  UnexpectedEndOfString: ['this text has no closing double quote'],
  InvalidUnicode: ['\\u is followed by four hex digits'],
  InvalidEscapeCharacter: [
    '\\ is followed by something that JSON does not know',
    'A backslash itself is written \\\\.',
  ],
  InvalidCharacter: ['a control character inside a text', 'Write a tab as \\t and a line end as \\n.'],
};
