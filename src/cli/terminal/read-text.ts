import { CodedError, decodeUtf8, encodeUtf8, systemCode, systemReason } from '../../base/index.ts';
import { usageError } from '../report-error.ts';
import type { CliInput } from './stdio.ts';

/** A text's limit on the wire, in bytes of UTF-8. */
export const TEXT_BYTES_MAX: number = 32 * 1024;

/** All of stdin as one text; the line end that closes a pipe's output is not part of it. */
export async function readText(stdin: CliInput, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stdin as AsyncIterable<Uint8Array | string>) {
      const bytes = typeof chunk === 'string' ? encodeUtf8(chunk) : chunk;
      length += bytes.length;
      // One line end more than a text may hold is still a text.
      if (length > TEXT_BYTES_MAX + 2) throw tooLong();
      chunks.push(bytes);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  const text = decodeUtf8(Buffer.concat(chunks));
  if (text === undefined) throw usageError('the text on stdin is not valid UTF-8');
  return checkText(text.replace(/\r?\n$/, ''));
}

/** What the system says of stdin, as a mistake of whoever opened it; anything else as it is. */
export function unreadable(cause: unknown): unknown {
  if (cause instanceof CodedError || systemCode(cause) === '') return cause;
  const message = `stdin cannot be read: ${systemReason(cause)}`;
  return new CodedError({ code: 'file-unusable', message }, { cause });
}

/** Throws message-empty, message-too-long or usage. */
export function checkText(text: string): string {
  if (text === '') throw new CodedError({ code: 'message-empty', message: 'the text is empty' });
  if (!text.isWellFormed())
    throw new CodedError({ code: 'message-malformed', message: 'the text is not well-formed Unicode' });
  if (encodeUtf8(text).length > TEXT_BYTES_MAX) throw tooLong();
  return text;
}

function tooLong(): CodedError {
  return new CodedError({
    code: 'message-too-long',
    message: 'the text is longer than 32 KiB',
    hint: 'Send it in parts.',
  });
}
