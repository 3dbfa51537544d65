import type { EngineOutput } from '../engine/index.ts';

/** One line a transition, off by default: `SOTTO_TRACE=link,event` or `SOTTO_TRACE=all`. Never a text, a key or a password. */
export class Trace {
  readonly #topics: ReadonlySet<string>;
  readonly #write: (line: string) => void;

  constructor(topics: string | undefined, write: (line: string) => void) {
    this.#topics = new Set((topics ?? '').split(',').filter((topic) => topic !== ''));
    this.#write = write;
  }

  line(topic: 'link' | 'event' | 'commit', text: string): void {
    if (this.#topics.has(topic) || this.#topics.has('all')) this.#write(`trace ${topic}: ${text}\n`);
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
}
