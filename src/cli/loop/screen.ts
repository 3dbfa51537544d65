import type { ChatEvent, MessageId, OutgoingState } from '../../api/index.ts';
import type { Failure } from '../../base/index.ts';
import type { Line } from '../words/describe.ts';
import type { ExitCode } from '../exit-code.ts';

export type Incoming = Extract<ChatEvent, { type: 'message-received' }>;

/** Where the loop shows things: a terminal with a line being typed, or plain streams. */
export interface Screen {
  message(event: Incoming): void;
  /** A message has come that a person may want to hear of. */
  bell(): void;
  say(line: Line): void;
  /** A message is settled: for scripts, beside what `say` tells people. */
  outcome(to: string, id: MessageId, progress: OutgoingState): void;
  /** A line could not be carried out: for scripts, beside what `say` tells people. */
  failed(failure: Failure, exitCode: ExitCode): void;
  /** Resolves when all of it is shown, and more can be; false when nobody sees it any more. */
  drained(): Promise<boolean>;
}
