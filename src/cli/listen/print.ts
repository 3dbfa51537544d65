import type { ChatEvent, EventCursor, SelfView } from '../../api/index.ts';
import { eventToJson } from '../../api/to-json/index.ts';
import { describeEvent, describeProgress } from '../words/describe.ts';
import type { Output } from '../terminal/output.ts';
import { messageLines } from '../words/print-message.ts';
import type { Received, Sink } from './message.ts';

/** Every message on stdout, as lines for people or as objects. */
export class Print implements Sink {
  readonly #output: Output;
  readonly #json: boolean;
  #isCatchingUp = false;

  constructor(output: Output, { json }: { readonly json: boolean }) {
    this.#output = output;
    this.#json = json;
  }

  async take(event: Received, cursor: EventCursor): Promise<boolean> {
    const isBelated = event.isBelated === true;
    if (isBelated && !this.#isCatchingUp) this.#output.note('while you were away:', 'dim');
    this.#isCatchingUp = isBelated;
    if (this.#json) this.#output.json({ ...eventToJson(event), cursor });
    else for (const line of messageLines(event)) this.#output.data(line);
    return this.#output.drained();
  }
}

/** What is no message. Of `--json --events` it is an object as well; what must not be overlooked is said in any case. */
export function sayEvent(
  event: Exclude<ChatEvent, Received>,
  self: SelfView,
  output: Output,
  how: { readonly all: boolean; readonly json: boolean; readonly cursor: EventCursor },
): void {
  const { all, json, cursor } = how;
  if (json && all) output.json({ ...eventToJson(event), cursor });
  if (!all && !mustBeSaid(event)) return;
  for (const { text, style } of linesOf(event, self)) output.note(text, style);
}

function mustBeSaid(event: ChatEvent): boolean {
  return !['contact-connected', 'contact-disconnected', 'message-progress', 'peer-restarted'].includes(
    event.type,
  );
}

function linesOf(event: Exclude<ChatEvent, Received>, self: SelfView): ReturnType<typeof describeEvent> {
  return event.type === 'message-progress'
    ? describeProgress(event.to, event.progress, 'shell')
    : describeEvent(event, self, 'shell');
}
