import type { Chat } from '../../api/index.ts';
import { encodeUtf8 } from '../../base/index.ts';
import { describeListening } from '../words/describe.ts';
import { Stopped, type CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Style } from '../terminal/output.ts';
import { messageLines } from '../words/print-message.ts';
import { TEXT_BYTES_MAX } from '../terminal/read-text.ts';
import { toFailure } from '../report-error.ts';
import type { Settings } from '../settings/settings.ts';
import { completionsFor } from './completion.ts';
import { Conversation, type Submitted } from './conversation.ts';
import { Drafts } from './drafts.ts';
import { EMPTY_EDITOR, updateEditor, viewEditor, type EditorModel } from './editor.ts';
import { editingAction } from './editing-key.ts';
import type { Key } from './keys.ts';
import { parseNames } from './parse-line.ts';
import type { Screen } from './screen.ts';
import { Terminal } from './terminal.ts';
import { wrapLine } from './wrap.ts';

/** What the row at the bottom is for. */
type Mode =
  | { readonly type: 'text' }
  | { readonly type: 'names'; readonly text: string }
  | { readonly type: 'confirm'; readonly question: string; readonly onYes: () => Promise<void> };

/** A paste above this is sent only after a yes: it may be the wrong clipboard. */
const PASTE_ASKED_ABOVE_BYTES = 4096;
const HANGING_INDENT = '  | ';

/** The loop at a terminal. Resolves to the exit code, rejects with `Stopped`; the terminal is as before in any case. */
export async function runTerminalFace(
  chat: Chat,
  _settings: Settings,
  context: CliContext,
): Promise<ExitCode> {
  const face = new TerminalFace(chat, context);
  return face.run();
}

class TerminalFace {
  readonly #context: CliContext;
  readonly #talk: Conversation;
  readonly #drafts: Drafts;
  readonly #terminal: Terminal;
  readonly #end = Promise.withResolvers<ExitCode>();
  #editor: EditorModel = EMPTY_EDITOR;
  /** The history of texts, kept apart while names are being typed. */
  #texts: EditorModel = EMPTY_EDITOR;
  #mode: Mode = { type: 'text' };
  #bigPaste = false;
  /** Keys are acted upon one after the other. */
  #work: Promise<void> = Promise.resolve();
  /** How many keys are not done with. */
  #busy = 0;

  constructor(chat: Chat, context: CliContext) {
    this.#context = context;
    this.#talk = new Conversation(chat, this.#screen());
    this.#talk.isRead = true;
    this.#drafts = new Drafts(chat);
    this.#talk.onSent = (name) => this.#drafts.sent(name);
    this.#terminal = new Terminal(context.stdio, {
      onKeys: (keys) => this.#enqueue(keys),
      onResize: () => this.#draw(),
      onHangup: () => this.#end.reject(new Stopped(EXIT.hungUp)),
    });
  }

  async run(): Promise<ExitCode> {
    const { signal } = this.#context;
    const done = new AbortController();
    const watching = this.#talk.watch(done.signal).catch((error: unknown) => this.#end.reject(error));
    const onAbort = (): void => this.#end.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#talk.start();
      signal.throwIfAborted();
      this.#terminal.start();
      this.#say(`${this.#talk.chat.self.username} is ${describeListening(this.#talk.chat.self)}`, 'dim');
      this.#say('Type a text and press Enter; “@name text” says for whom. /help lists the commands.', 'dim');
      this.#draw();
      this.#talk.begin();
      return await this.#end.promise;
    } finally {
      this.#terminal.stop();
      signal.removeEventListener('abort', onAbort);
      await this.#leaveDraft();
      done.abort();
      await watching;
    }
  }

  #screen(): Screen {
    return {
      message: (event) => {
        this.#print(messageLines(event).map((line) => [line, 'plain']));
      },
      say: ({ text, style }) => this.#say(text, style),
      bell: () => this.#terminal.bell(),
      outcome: () => {},
      failed: () => {},
      drained: async () => this.#context.output.drained(),
    };
  }

  #say(text: string, style: Style): void {
    this.#print([[text, style]]);
  }

  #print(lines: readonly (readonly [text: string, style: Style])[]): void {
    const { output } = this.#context;
    const { columns } = this.#terminal;
    // Cleaned before it is measured and once more when painted, which changes nothing.
    const rows = lines.flatMap(([text, style]) =>
      output
        .clean(text)
        .split('\n')
        .flatMap((line) => wrapLine(line, columns, HANGING_INDENT))
        .map((row) => output.paint(row, style, 'stdout')),
    );
    this.#terminal.print(rows);
  }

  #draw(): void {
    this.#terminal.draw(viewEditor(this.#editor, this.#prompt(), this.#terminal.columns));
  }

  #prompt(): string {
    if (this.#mode.type === 'confirm') return `${this.#mode.question} [y/N] `;
    const { suggested } = this.#talk;
    if (this.#mode.type === 'names')
      return suggested.length === 0 ? 'to: ' : `to [${suggested.join(', ')}]: `;
    return this.#talk.fixed.length === 0 ? '> ' : `${this.#talk.fixed.join(' ')}> `;
  }

  /** Ctrl-C does not wait for what is being done; at a question that waits it ends only that, as Ctrl-D does. */
  #enqueue(keys: readonly Key[]): void {
    for (const key of keys) {
      const isInterrupt = key.type === 'key' && key.name === 'interrupt';
      if (isInterrupt && (this.#mode.type === 'text' || this.#busy > 0))
        return this.#end.reject(new Stopped(EXIT.interrupted));
      this.#busy += 1;
      this.#work = this.#work
        .then(async () =>
          isInterrupt ? this.#onKey({ type: 'key', name: 'end-of-input' }) : this.#onKey(key),
        )
        .catch((error: unknown) => this.#end.reject(error))
        .finally(() => (this.#busy -= 1));
    }
  }

  async #onKey(key: Key): Promise<void> {
    if (key.type === 'paste') this.#onPaste(key);
    else if (key.type === 'key' && key.name === 'enter') await this.#onEnter();
    else if (key.type === 'key' && key.name === 'end-of-input') await this.#onEndOfInput();
    else if (key.type === 'key' && key.name === 'tab') this.#onTab();
    else if (key.type === 'key' && key.name === 'suspend') return this.#terminal.suspend();
    else {
      const action = editingAction(key);
      if (action) this.#editor = updateEditor(this.#editor, action);
    }
    this.#draw();
  }

  #onPaste({ text, length }: Extract<Key, { type: 'paste' }>): void {
    const whole = this.#editor.text.length + length;
    if (whole > TEXT_BYTES_MAX || encodeUtf8(this.#editor.text + text).length > TEXT_BYTES_MAX)
      return this.#say('· the paste is not taken: a message has at most 32 KiB', 'bad');
    if (encodeUtf8(text).length > PASTE_ASKED_ABOVE_BYTES) this.#bigPaste = true;
    this.#editor = updateEditor(this.#editor, { type: 'insert', text });
  }

  #onTab(): void {
    const { candidates, suffix } = completionsFor(
      this.#editor,
      this.#mode.type === 'names',
      this.#talk.names,
    );
    const completed = updateEditor(this.#editor, { type: 'complete', candidates, suffix });
    if (completed.text === this.#editor.text && candidates.length > 1)
      this.#say(`  ${candidates.slice(0, 40).join('  ')}`, 'dim');
    this.#editor = completed;
  }

  async #onEnter(): Promise<void> {
    const { text } = this.#editor;
    const mode = this.#mode;
    if (mode.type === 'confirm') return this.#onAnswer(mode, /^y(es)?$/i.test(text.trim()));
    if (mode.type === 'names') return this.#onNames(mode.text, text);
    if (this.#bigPaste) {
      const kib = Math.ceil(encodeUtf8(text).length / 1024);
      return this.#confirm(`Send the pasted ${kib} KiB?`, async () => this.#submit(text));
    }
    await this.#submit(text);
  }

  async #submit(text: string): Promise<void> {
    this.#bigPaste = false;
    this.#editor = updateEditor(this.#editor, { type: 'clear', remember: true });
    if (text.trim() !== '')
      this.#say(`${this.#prompt()}${text.replaceAll('\n', `\n${HANGING_INDENT}`)}`, 'dim');
    const before = this.#talk.onlyFixed;
    const result = await this.#talk.submit(text);
    if (result.type === 'quit') this.#quit();
    if (result.type === 'failed') this.#giveBack(result);
    if (result.type === 'done') await this.#followDraft(before);
    if (result.type !== 'needs-names') return;
    this.#texts = this.#editor;
    this.#editor = EMPTY_EDITOR;
    this.#mode = { type: 'names', text: result.text };
  }

  /** A conversation that was opened offers what was begun there. */
  async #followDraft(before: string | undefined): Promise<void> {
    const { onlyFixed } = this.#talk;
    if (onlyFixed === undefined || onlyFixed === before) return;
    const text = await this.#drafts.offer(onlyFixed);
    if (text === '') return;
    this.#say(`· what you began to write to ${onlyFixed} stands below`, 'dim');
    this.#editor = updateEditor(this.#editor, { type: 'insert', text });
  }

  /** What stands in the line when the person leaves. */
  async #leaveDraft(): Promise<void> {
    if (this.#mode.type === 'names') return;
    const { text } = this.#mode.type === 'text' ? this.#editor : this.#texts;
    try {
      const name = await this.#drafts.leave(text, this.#talk.onlyFixed, this.#talk.names);
      if (name !== undefined) this.#say(`· kept as the draft for ${name}`, 'dim');
    } catch (error) {
      // So it stands at least on the screen; why it is so, the loop says.
      this.#say(`· not kept as a draft [${toFailure(error).code}]: ${text}`, 'bad');
    }
  }

  async #onNames(text: string, typed: string): Promise<void> {
    if (typed.trimStart().startsWith('/')) return this.#onCommandAtNames(typed);
    const names = typed.trim() === '' ? this.#talk.suggested : parseNames(typed, this.#talk.names);
    if (names.length === 0)
      return this.#say('· type a name (Tab completes), or Ctrl-D to drop the text', 'plain');
    this.#say(`to: ${names.join(', ')}`, 'dim');
    const result = await this.#talk.send(names, text);
    // A name that nobody has is asked for again; every other mistake ends the question.
    if (result.type === 'failed' && result.exitCode === EXIT.unknownName) this.#editor = EMPTY_EDITOR;
    else this.#backToText();
    if (result.type === 'failed') this.#giveBack(result);
  }

  /** What could not be kept stands in the editor again, for those who did not get it. */
  #giveBack({ unsent }: Extract<Submitted, { type: 'failed' }>): void {
    if (!unsent) return;
    const text = `${unsent.names.map((name) => `@${name}`).join(',')} ${unsent.text}`;
    this.#editor = updateEditor({ ...this.#editor, text: '', cursor: 0 }, { type: 'insert', text });
  }

  /** A command does not answer the question: it is done, and the question stays. */
  async #onCommandAtNames(typed: string): Promise<void> {
    this.#editor = EMPTY_EDITOR;
    this.#say(`${this.#prompt()}${typed}`, 'dim');
    const result = await this.#talk.submit(typed);
    if (result.type === 'quit') this.#quit();
  }

  #backToText(): void {
    this.#mode = { type: 'text' };
    this.#editor = this.#texts;
  }

  async #onEndOfInput(): Promise<void> {
    if (this.#mode.type === 'names') {
      this.#say('· the text is dropped; the up arrow brings it back', 'plain');
      return this.#backToText();
    }
    if (this.#mode.type === 'confirm') return this.#onAnswer(this.#mode, false);
    if (this.#editor.text === '') return this.#quit();
    this.#editor = updateEditor(this.#editor, { type: 'erase', what: 'right' });
  }

  /** Nothing is asked: what waits is kept, and that is said when the terminal is free. */
  #quit(): void {
    this.#end.resolve(EXIT.done);
  }

  #confirm(question: string, onYes: () => Promise<void>): void {
    this.#texts = this.#editor;
    this.#editor = EMPTY_EDITOR;
    this.#mode = { type: 'confirm', question, onYes };
  }

  async #onAnswer(mode: Extract<Mode, { type: 'confirm' }>, yes: boolean): Promise<void> {
    this.#backToText();
    if (yes) await mode.onYes();
    else this.#say('· staying', 'dim');
  }
}
