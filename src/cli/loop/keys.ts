// Bytes of a terminal in raw mode -> keys.
//
// A paste is bracketed by ESC[200~ and ESC[201~ and is one key, whatever is in it. Terminals strip the end mark from what
// is pasted, but not all of them: so the last end mark of a chunk counts, and an Enter that comes in the same chunk after
// it is text. A paste longer than a chunk is also longer than what is sent without being asked about.

export type KeyName =
  | 'enter'
  | 'tab'
  | 'backspace'
  | 'delete'
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'up'
  | 'down'
  | 'home'
  | 'end'
  | 'erase-to-start'
  | 'erase-to-end'
  | 'erase-word'
  | 'redraw'
  | 'interrupt'
  | 'suspend'
  | 'end-of-input';

export type Key =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'key'; readonly name: KeyName }
  /** `length`: UTF-16 units that were pasted; `text` is cut to the limit. */
  | { readonly type: 'paste'; readonly text: string; readonly length: number };

/** More than any message; what is beyond is counted, not kept. */
const PASTE_KEPT_MAX = 64 * 1024;
const PASTE_BEGIN = '\u001b[200~';
const PASTE_END = '\u001b[201~';

const CONTROLS: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0001': 'home',
  '\u0002': 'left',
  '\u0003': 'interrupt',
  '\u0004': 'end-of-input',
  '\u0005': 'end',
  '\u0006': 'right',
  '\u000b': 'erase-to-end',
  '\u000c': 'redraw',
  '\u000e': 'down',
  '\u0010': 'up',
  '\u0015': 'erase-to-start',
  '\u0017': 'erase-word',
  '\u001a': 'suspend',
};

/** What follows ESC. Modifiers are left out but for Ctrl and Alt with the arrows. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[3~': 'delete',
  '[1;5C': 'word-right',
  '[1;5D': 'word-left',
  '[1;3C': 'word-right',
  '[1;3D': 'word-left',
  b: 'word-left',
  f: 'word-right',
  '\u007f': 'erase-word',
};

/** Keeps what a chunk left unfinished. */
export class KeyDecoder {
  #rest = '';
  #paste: { text: string; length: number } | undefined;

  decode(chunk: string): readonly Key[] {
    const keys: Key[] = [];
    // Alt and a letter come in one chunk: an Escape of its own says nothing about what is typed after it.
    const isLoneEscape = this.#rest === '\u001b' && !/^[[O]/.test(chunk);
    let input = isLoneEscape ? chunk : this.#rest + chunk;
    this.#rest = '';
    while (input !== '') {
      if (this.#paste) input = this.#takePaste(input, keys);
      else input = this.#takeKey(input, keys);
      if (input === this.#rest) break;
    }
    return keys;
  }

  #takeKey(input: string, keys: Key[]): string {
    if (input.startsWith(PASTE_BEGIN)) {
      this.#paste = { text: '', length: 0 };
      return input.slice(PASTE_BEGIN.length);
    }
    if (input.startsWith('\u001b')) return this.#takeSequence(input, keys);
    const control = CONTROLS[input[0] ?? ''];
    if (control) {
      keys.push({ type: 'key', name: control });
      return input.slice(1);
    }
    // eslint-disable-next-line no-control-regex
    const text = /^[^\u0000-\u001f\u007f]+/.exec(input)?.[0] ?? '';
    if (text !== '') keys.push({ type: 'text', text });
    return input.slice(Math.max(1, text.length));
  }

  #takeSequence(input: string, keys: Key[]): string {
    // eslint-disable-next-line no-control-regex
    const whole = /^\u001b(\[[0-9;?<=>]*[ -/]*[@-~]|O[@-~]|[^[O])/s.exec(input);
    if (whole) {
      const name = SEQUENCES[whole[1] ?? ''];
      if (name) keys.push({ type: 'key', name });
      return input.slice(whole[0].length);
    }
    // A sequence that is not whole yet waits for the next chunk.
    if (input.length > 32) return '';
    this.#rest = input;
    return input;
  }

  #takePaste(input: string, keys: Key[]): string {
    const nextBegin = input.indexOf(PASTE_BEGIN);
    const end = input.lastIndexOf(PASTE_END, nextBegin < 0 ? input.length : nextBegin);
    if (end < 0) {
      // An end mark may be split between two chunks.
      const split = partialEnd(input);
      this.#addPasted(input.slice(0, input.length - split));
      this.#rest = input.slice(input.length - split);
      return this.#rest;
    }
    this.#addPasted(input.slice(0, end));
    let after = input.slice(end + PASTE_END.length);
    if (/^[\r\n]./s.test(after)) {
      this.#addPasted(after);
      after = '';
    }
    const { text = '', length = 0 } = this.#paste ?? {};
    this.#paste = undefined;
    keys.push({ type: 'paste', text: text.replaceAll(/\r\n?/g, '\n').replaceAll(PASTE_END, ''), length });
    return after;
  }

  #addPasted(text: string): void {
    if (!this.#paste) return;
    this.#paste.length += text.length;
    this.#paste.text += text.slice(0, Math.max(0, PASTE_KEPT_MAX - this.#paste.text.length));
  }
}

function partialEnd(input: string): number {
  for (let length = Math.min(PASTE_END.length - 1, input.length); length > 0; length--)
    if (input.endsWith(PASTE_END.slice(0, length))) return length;
  return 0;
}
