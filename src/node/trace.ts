import type { TraceOptions, TraceTopic } from '../api/index.ts';
import { decodeUtf8, type Bytes } from '../base/index.ts';
import type { EngineOptions, EngineOutput } from '../engine/index.ts';
import { TraceReader } from './trace-reader.ts';

const TOPICS: readonly TraceTopic[] = ['link', 'event', 'commit', 'envelope'];
const DEFAULT_TOPICS: readonly TraceTopic[] = ['link', 'event', 'commit'];

/**
 * One line a transition, for whoever reads along, and on stderr with `SOTTO_TRACE=link,event` or `SOTTO_TRACE=all`. Off by default. Never
 * a text, a key or a password.
 */
export class Trace {
  readonly #written: ReadonlySet<string>;
  readonly #write: (line: string) => void;
  readonly #readers = new Map<TraceReader, readonly TraceTopic[]>();
  /** What anybody wants to see. */
  #topics: ReadonlySet<TraceTopic>;
  #isClosed = false;

  /** `topics`: what goes to `write`, a line with its end at a time. */
  constructor(topics: string | undefined, write: (line: string) => void) {
    const named = new Set((topics ?? '').split(','));
    this.#written = named.has('all') ? new Set(TOPICS) : named;
    this.#write = write;
    this.#topics = this.#wanted();
  }

  /** See `Chat.trace`. */
  open({ topics = DEFAULT_TOPICS, signal }: TraceOptions): AsyncIterable<string> {
    const reader: TraceReader = new TraceReader(() => {
      this.#readers.delete(reader);
      this.#topics = this.#wanted();
    });
    if (this.#isClosed || signal?.aborted) reader.end();
    else {
      this.#readers.set(reader, topics);
      this.#topics = this.#wanted();
      signal?.addEventListener('abort', () => reader.end(), { once: true });
    }
    return reader;
  }
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers.keys()) reader.end();
  }

  /** Shows each envelope as it is before the record layer. */
  readonly onEnvelope = (envelope: Bytes): void => {
    if (this.#topics.has('envelope')) this.line('envelope', decodeUtf8(envelope) ?? '');
  };

  /** A message that comes again is passed over: only here does it show. */
  readonly onRepeat: NonNullable<EngineOptions['onRepeat']> = (link, { seq, id, type }, length) => {
    if (this.#topics.has('link'))
      this.line('link', `${link} message ${seq} again: ${id}, ${type} of ${length} bytes`);
  };

  line(topic: TraceTopic, text: string): void {
    if (this.#written.has(topic)) this.#write(`trace ${topic}: ${text}\n`);
    for (const [reader, topics] of this.#readers)
      if (topics.includes(topic)) reader.push(`${topic}: ${text}`);
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

  #wanted(): ReadonlySet<TraceTopic> {
    const read = [...this.#readers.values()].flat();
    return new Set(TOPICS.filter((topic) => this.#written.has(topic) || read.includes(topic)));
  }
}
