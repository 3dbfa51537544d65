import { decodeUtf8, type Bytes } from '../base/index.ts';
import type { EngineOptions, EngineOutput } from '../engine/index.ts';

type Topic = 'link' | 'event' | 'commit' | 'envelope';

/** One line a transition, off by default: `SOTTO_TRACE=link,event` or `SOTTO_TRACE=all`. Never a text, a key or a password. */
export class Trace {
  readonly #topics: ReadonlySet<string>;
  readonly #write: (line: string) => void;

  constructor(topics: string | undefined, write: (line: string) => void) {
    this.#topics = new Set((topics ?? '').split(',').filter((topic) => topic !== ''));
    this.#write = write;
  }

  /** Shows each envelope as it is before the record layer; undefined while nobody wants to see them. */
  get onEnvelope(): ((envelope: Bytes) => void) | undefined {
    if (!this.#isOn('envelope')) return undefined;
    return (envelope) => this.line('envelope', decodeUtf8(envelope) ?? '');
  }

  /** A message that comes again is passed over: only here does it show. */
  get onRepeat(): EngineOptions['onRepeat'] {
    if (!this.#isOn('link')) return undefined;
    return (link, { seq, id, type }, length) =>
      this.line('link', `${link} message ${seq} again: ${id}, ${type} of ${length} bytes`);
  }

  line(topic: Topic, text: string): void {
    if (this.#isOn(topic)) this.#write(`trace ${topic}: ${text}\n`);
  }

  output(output: EngineOutput): void {
    if (this.#topics.size === 0) return;
    switch (output.type) {
      case 'commit':
        return this.line('commit', output.changes.map((change) => change.type).join(' '));
      case 'event':
        return this.line('event', output.event.type);
      case 'write':
        return this.line('link', `${output.link} write ${output.bytes.length} bytes`);
      case 'dial':
        return this.line('link', `${output.link} dial`);
      case 'end':
        return this.line('link', `${output.link} end`);
      case 'release':
        return this.line(
          'link',
          `${output.link} release ${output.phase} ${output.failure?.code ?? 'closed'}`,
        );
    }
  }

  #isOn(topic: Topic): boolean {
    return this.#topics.has(topic) || this.#topics.has('all');
  }
}
