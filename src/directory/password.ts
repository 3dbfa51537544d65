import { encodeUtf8, failure, success, type Result } from '../base/index.ts';

/** PROTOCOL: more is a file by mistake. */
export const PASSWORD_BYTES_MAX = 1_024;

/**
 * The form in which both sides use a password (spec/09, after RFC 8265): every kind of space is U+0020, NFC, nothing
 * trimmed. Fails with directory-invalid unless that is 1–1,024 bytes of UTF-8 without control characters.
 */
export function normalisePassword(text: string): Result<string> {
  const problem = (message: string) => failure('directory-invalid', message);
  if (!text.isWellFormed()) return problem('a password has half a character (a lone surrogate)');
  if (/\p{Cc}/u.test(text)) return problem('a password has a control character, such as a tab or a line end');
  const password = text.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC');
  const { length } = encodeUtf8(password);
  if (length === 0) return problem('a password is empty');
  if (length > PASSWORD_BYTES_MAX) {
    return problem(`a password has ${length} bytes; at most ${PASSWORD_BYTES_MAX} are possible`);
  }
  return success(password);
}
