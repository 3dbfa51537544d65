import { concatBytes, encodeUtf8, type Bytes } from '../../src/base/index.ts';
import type { SeededDice } from './dice.ts';

/** Numbers at which decoders go wrong. */
const INTERESTING = [
  0,
  1,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0x8000,
  0xffff,
  0x1_0000,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
  2 ** 53 - 1,
  2 ** 53,
];

/** Texts at which every decoder of text may go wrong: half characters, overlong forms, JSON's joints, escapes, marks. */
export const COMMON_WORDS: readonly Bytes[] = [
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  Uint8Array.of(0xff, 0xfe),
  ...[
    '\ufeff',
    '\u202e',
    '\u2066',
    '\u200d',
    '\ufe0f',
    '\u0301',
    '\u001b[2J',
    '\u001b]8;;x\u0007',
    '\u009b',
    '\u0000',
    '\r\n',
    '\u{1f468}\u200d\u{1f469}',
    '\u{e0041}',
    'ﬁ',
    '한',
    '\u1112\u1161\u11ab',
    '__proto__',
    '"',
    '\\',
    '\\u0000',
    '\\ud800',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    'null',
    'true',
    '1e400',
    '-0',
    '1.0',
    '01',
    '9007199254740993',
    '=',
    '//',
    '/*',
    '::',
    '%',
    '.',
  ].map((word) => encodeUtf8(word)),
];

/** One to eight changes to the input, drawn from the dice. The result may be empty, and has at most `lengthMax` bytes. */
export function mutate(
  input: Bytes,
  options: {
    readonly dice: SeededDice;
    readonly corpus: readonly Bytes[];
    readonly words: readonly Bytes[];
    readonly lengthMax: number;
  },
): Bytes {
  const { dice } = options;
  let mutated: Bytes = input.slice();
  const changes = 1 + (dice.chance(0.5) ? 0 : dice.below(8));
  for (let i = 0; i < changes; i++) mutated = dice.pick(MUTATORS)(mutated, options);
  return mutated.length > options.lengthMax ? mutated.slice(0, options.lengthMax) : mutated;
}

type Mutator = (bytes: Bytes, options: Parameters<typeof mutate>[1]) => Bytes;

const flipBit: Mutator = (bytes, { dice }) => {
  const at = dice.below(bytes.length);
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
  return bytes;
};
const setByte: Mutator = (bytes, { dice }) => {
  if (bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
};
const stepByte: Mutator = (bytes, { dice }) => {
  const at = dice.below(bytes.length);
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) + (dice.chance(0.5) ? 1 : -1);
  return bytes;
};
const insertBytes: Mutator = (bytes, { dice }) =>
  spliced(bytes, dice.below(bytes.length + 1), 0, dice.bytes(1 + dice.below(8)));
const insertRun: Mutator = (bytes, { dice }) =>
  spliced(bytes, dice.below(bytes.length + 1), 0, new Uint8Array(1 + dice.below(300)).fill(dice.below(256)));
const insertWord: Mutator = (bytes, { dice, words }) =>
  spliced(bytes, dice.below(bytes.length + 1), 0, dice.pick(words));
const replaceWithWord: Mutator = (bytes, { dice, words }) => {
  const word = dice.pick(words);
  return spliced(bytes, dice.below(bytes.length + 1), dice.chance(0.5) ? word.length : dice.below(8), word);
};
const remove: Mutator = (bytes, { dice }) =>
  spliced(bytes, dice.below(bytes.length + 1), 1 + dice.below(dice.chance(0.8) ? 8 : 200));
const duplicate: Mutator = (bytes, { dice }) => {
  const from = dice.below(bytes.length + 1);
  const piece = bytes.slice(from, from + 1 + dice.below(64));
  return spliced(bytes, dice.chance(0.5) ? from : dice.below(bytes.length + 1), 0, piece);
};
const truncate: Mutator = (bytes, { dice }) => bytes.slice(0, dice.below(bytes.length + 1));
const extend: Mutator = (bytes, { dice }) =>
  concatBytes(bytes, dice.chance(0.5) ? new Uint8Array(1 + dice.below(64)) : dice.bytes(1 + dice.below(64)));
const spliceOther: Mutator = (bytes, { dice, corpus }) => {
  const other = dice.pick(corpus);
  const from = dice.below(other.length + 1);
  const piece = other.slice(from, from + 1 + dice.below(other.length + 1 - from));
  return spliced(bytes, dice.below(bytes.length + 1), dice.chance(0.5) ? piece.length : 0, piece);
};
const interestingInteger: Mutator = (bytes, { dice }) => {
  const size = dice.pick([1, 2, 4, 8]);
  const at = dice.below(Math.max(1, bytes.length - size + 1));
  let value = BigInt(dice.pick(INTERESTING));
  if (dice.chance(0.3))
    value = BigInt(bytes.length + dice.below(5) - 2 > 0 ? bytes.length + dice.below(5) - 2 : 0);
  for (let i = size - 1; i >= 0; i--, value >>= 8n)
    if (at + i < bytes.length) bytes[at + i] = Number(value & 0xffn);
  return bytes;
};
const decimal: Mutator = (bytes, { dice }) =>
  spliced(bytes, dice.below(bytes.length + 1), dice.below(4), encodeUtf8(String(dice.pick(INTERESTING))));
/** Another number in the place of one. */
const replaceNumber: Mutator = (bytes, { dice }) => {
  const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39;
  let from = dice.below(bytes.length + 1);
  while (from < bytes.length && !isDigit(from)) from++;
  let end = from;
  while (end < bytes.length && isDigit(end)) end++;
  const value = dice.chance(0.5) ? dice.pick(INTERESTING) : dice.u32();
  return from < bytes.length ? spliced(bytes, from, end - from, encodeUtf8(String(value))) : bytes;
};
const swap: Mutator = (bytes, { dice }) => {
  const [a, b] = [dice.below(bytes.length + 1), dice.below(bytes.length + 1)].sort((x, y) => x - y);
  const middle = (a ?? 0) + Math.floor(((b ?? 0) - (a ?? 0)) / 2);
  return concatBytes(bytes.slice(0, a), bytes.slice(middle, b), bytes.slice(a, middle), bytes.slice(b));
};

const MUTATORS: readonly Mutator[] = [
  flipBit,
  flipBit,
  setByte,
  stepByte,
  insertBytes,
  insertRun,
  insertWord,
  replaceWithWord,
  replaceWithWord,
  remove,
  remove,
  duplicate,
  truncate,
  extend,
  spliceOther,
  interestingInteger,
  decimal,
  replaceNumber,
  swap,
];

function spliced(bytes: Bytes, at: number, deleted: number, inserted: Bytes = new Uint8Array(0)): Bytes {
  return concatBytes(bytes.subarray(0, at), inserted, bytes.subarray(at + deleted));
}
