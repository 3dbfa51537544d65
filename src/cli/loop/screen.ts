import type { ChatEvent } from '../../api/index.ts';
import type { Line } from '../describe.ts';

export type Incoming = Extract<ChatEvent, { type: 'message-received' }>;

/** Where the loop shows things: a terminal with a line being typed, or plain streams. */
export interface Screen {
  message(event: Incoming): void;
  say(line: Line): void;
  /** Resolves when more can be shown. */
  drained(): Promise<void>;
}
