import type { MessageId } from '../../api/index.ts';
import { toSafeText } from '../../base/index.ts';

/** Of so many messages the beginning is known: older ones are quoted without it. */
const KNOWN_MAX = 500;
const QUOTED_MAX = 40;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What was said last, for those who answer it. */
export class Quotes {
  readonly #beginnings = new Map<MessageId, string>();

  note(id: MessageId, text: string): void {
    this.#beginnings.set(id, beginningOf(text));
    const [oldest] = this.#beginnings.keys();
    if (this.#beginnings.size > KNOWN_MAX && oldest !== undefined) this.#beginnings.delete(oldest);
  }
  /** `· bob answers “are you th…”` */
  words(name: string, replyTo: MessageId): string {
    const beginning = this.#beginnings.get(replyTo);
    return `· ${name} answers ${beginning === undefined ? 'an earlier message' : `“${beginning}”`}`;
  }
}

/** Of the first line. */
function beginningOf(text: string): string {
  const [line = ''] = toSafeText(text.slice(0, 10 * QUOTED_MAX)).split('\n');
  const shown = [...graphemes.segment(line)].slice(0, QUOTED_MAX).map(({ segment }) => segment);
  const whole = shown.join('');
  return whole.length < text.length ? `${whole}…` : whole;
}
