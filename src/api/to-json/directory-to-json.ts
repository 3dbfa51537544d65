import type { DirectoryEntryView, DirectoryReport } from '../directory-tool.ts';
import type { CheckJson, EntryJson } from './results.ts';
import { failureToJson } from './time.ts';

/** With the password only where somebody asked for it, or it was just made. */
export function entryToJson(entry: DirectoryEntryView, password?: string): EntryJson {
  const { username, ip, port, furtherAddresses, hasPassword, key, line } = entry;
  return {
    type: 'entry',
    username,
    ip,
    port,
    ...(furtherAddresses && {
      addresses: furtherAddresses.map((place) => ({ ip: place.ip, port: place.port })),
    }),
    has_password: hasPassword,
    ...(password !== undefined && { password }),
    ...(key !== undefined && { key }),
    line,
  };
}

export function checkToJson(directory: string, { entries, problems, warnings }: DirectoryReport): CheckJson {
  return {
    type: 'check',
    directory,
    entries,
    problems: problems.map((problem) => failureToJson(problem)),
    warnings: warnings.map((warning) => failureToJson(warning)),
  };
}
