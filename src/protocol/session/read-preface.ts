import type { Result } from '../../base/index.ts';
import {
  checkPrefacePrefix,
  decodePreface,
  PREFACE_LENGTH,
  type PrefaceMode,
  type StreamReader,
} from '../wire/index.ts';

/** Takes the preface; undefined while it is incomplete and what has come could still become one. */
export function readPreface(reader: StreamReader): Result<PrefaceMode> | undefined {
  const prefix = checkPrefacePrefix(reader.peek(PREFACE_LENGTH));
  if (!prefix.ok) return prefix;
  const bytes = reader.take(PREFACE_LENGTH);
  return bytes && decodePreface(bytes);
}
