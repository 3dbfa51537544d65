import type { ChatEvent } from '../api/index.ts';

/**
 * A message as lines. Each begins with the name or with a bar, so that no text of a peer stands where the program's own
 * lines begin. The output cleans them.
 */
export function messageLines(event: Extract<ChatEvent, { type: 'message-received' }>): readonly string[] {
  const [first = '', ...rest] = event.text.safe.split('\n');
  const mark = event.clockMark ? ' (their clock is ahead)' : '';
  return [`${event.from}${mark}: ${first}`, ...rest.map((line) => `  | ${line}`)];
}
