import { encodeUtf8, failure, success, toSafeText, type Result } from '../base/index.ts';

/** PROTOCOL: a username fits 64 bytes on the wire. */
export const USERNAME_BYTES_MAX = 64;

/** So that no name is a flag, an `@name`, a hidden file or `..`. */
const BEGINNING = /^[\p{L}\p{N}_]/u;
/** Default-ignorable: letters and marks that nobody sees, such as fillers, joiners and variation selectors. */
const STRANGER = /\p{Default_Ignorable_Code_Point}|[^\p{L}\p{M}\p{N}_ .+'’&()@=~!-]/u;

/** The name in NFC, as it is compared and sent. Fails with directory-invalid and a sentence that fits after "username:". */
export function parseUsernameText(text: string): Result<string> {
  const problem = (message: string, hint?: string) => failure('directory-invalid', message, hint);
  if (text === '') return problem('a name is empty');
  if (!text.isWellFormed()) return problem('a name has half a character (a lone surrogate)');
  const name = text.normalize('NFC');
  const { length } = encodeUtf8(name);
  if (length > USERNAME_BYTES_MAX) {
    return problem(`a name has ${length} bytes; at most ${USERNAME_BYTES_MAX} are possible`);
  }
  if (/^\s|\s$/u.test(name)) return problem(`“${toSafeText(name)}” begins or ends with white space`);
  const stranger = STRANGER.exec(name)?.[0];
  if (stranger !== undefined) {
    return problem(
      `the name “${showInvisible(name)}” has the character ${codePoint(stranger)}`,
      "Names are letters and digits of any script, spaces inside, and _ . - + ' ’ & ( ) @ = ~ !",
    );
  }
  if (toSafeText(name) !== name) {
    return problem(`the name “${toSafeText(name)}” has too many combining marks on one character`);
  }
  if (!BEGINNING.test(name)) {
    return problem(`the name “${toSafeText(name)}” does not begin with a letter, a digit or _`);
  }
  return success(name);
}

/** What two names share when people cannot tell them apart. */
export interface Likeness {
  readonly key: string;
  readonly why: string;
}

/** Keys under which two names collide: the same but for case or compatibility forms, or of the same looks. */
export function likenesses(name: string): readonly Likeness[] {
  const compatible = name.normalize('NFKC');
  return [
    { key: `=${name}`, why: 'is the same name' },
    { key: `c${foldCase(compatible)}`, why: 'differs only in case or in the form of its characters' },
    { key: `s${skeleton(compatible)}`, why: 'looks the same' },
  ];
}

function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * Letters of other scripts, and digits, that most fonts draw like a Latin letter: the part of Unicode's confusables
 * (UTS #39) that people can type. The capital I is the small l; what stays is compared without case.
 */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: '0430 03B1 0251',
    c: '0441',
    d: '0501',
    e: '0435 04BD',
    g: '0261 0581',
    h: '04BB 0570',
    i: '0456 03B9 0269 0131',
    j: '0458',
    k: '043A 03BA',
    l: '49 31 04CF 0399 0406 04C0',
    m: '043C',
    n: '0578 03B7',
    o: '30 043E 03BF 0585',
    p: '0440 03C1',
    q: '051B 0563',
    r: '0433',
    s: '0455',
    t: '0442 03C4',
    u: '057D 03C5',
    v: '0475 03BD',
    w: '051D 0461',
    x: '0445 03C7',
    y: '0443 03B3 04AF',
    A: '0410 0391',
    B: '0412 0392',
    C: '0421',
    E: '0415 0395',
    H: '041D 0397',
    J: '0408',
    K: '041A 039A',
    M: '041C 039C',
    N: '039D',
    O: '041E 039F 0555',
    P: '0420 03A1',
    S: '0405 054F',
    T: '0422 03A4',
    U: '054D',
    X: '0425 03A7',
    Y: '0423 03A5 04AE',
    Z: '0396',
    "'": '2019',
  }).flatMap(([latin, others]) => others.split(' ').map((hex) => [fromHex(hex), latin] as const)),
);

function fromHex(hex: string): string {
  return String.fromCodePoint(Number.parseInt(hex, 16));
}

function skeleton(compatible: string): string {
  return Array.from(compatible)
    .map((char) => LOOKALIKES.get(char) ?? char)
    .join('')
    .toLowerCase();
}

function showInvisible(name: string): string {
  return toSafeText(name.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, (char) => `‹${codePoint(char)}›`));
}

function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
