import type { Chat } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
export declare function runTerminalFace(chat: Chat, context: CliContext): Promise<ExitCode>;
