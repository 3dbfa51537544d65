import type { ChatEvent } from '../../api/index.ts';
import { dayAndTime } from './describe.ts';

/**
 * A message as lines. Each begins with the name or with a bar, so that no text of a peer stands where the program's own
 * lines begin. The output cleans them.
 */
export function messageLines(event: Extract<ChatEvent, { type: 'message-received' }>): readonly string[] {
  const [first = '', ...rest] = event.text.safe.split('\n');
  const marks = [
    ...(event.isBelated ? [` (${dayAndTime(event.receivedAtWall)})`] : []),
    ...(event.clockMark ? [' (their clock is ahead)'] : []),
  ];
  return [`${event.from}${marks.join('')}: ${first}`, ...rest.map((line) => `  | ${line}`)];
}
