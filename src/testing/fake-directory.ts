import type { DirectoryEntryInput, DirectoryTool } from '../api/index.ts';
import { CodedError } from '../base/index.ts';

/** Directory files by their path, which no disk has. */
export function fakeDirectory(files: Map<string, DirectoryEntryInput[]>): DirectoryTool {
  const entriesOf = (path: string): DirectoryEntryInput[] => {
    const entries = files.get(path);
    if (entries) return entries;
    throw new CodedError({ code: 'directory-missing', message: `there is no directory file ${path}` });
  };
  return {
    check: async (path) => ({ entries: entriesOf(path).length, problems: [], warnings: [] }),
    list: async (path) =>
      entriesOf(path).map(({ username, port, ip, password }, i) => ({
        username,
        port,
        ip,
        hasPassword: password !== '',
        line: i + 2,
      })),
    init: async (path) => void files.set(path, []),
    add: async (path, entry) => void files.set(path, [...(files.get(path) ?? []), entry]),
    set: async (path, username, fields) =>
      void files.set(
        path,
        entriesOf(path).map((entry) => (entry.username === username ? { ...entry, ...fields } : entry)),
      ),
    remove: async (path, username) =>
      void files.set(
        path,
        entriesOf(path).filter((entry) => entry.username !== username),
      ),
    revealPassword: async (path, username) =>
      entriesOf(path).find((entry) => entry.username === username)?.password ?? '',
    readPasswordFile: async () => 'from a file',
    generatePassword: () => 'ABCDE-FGHJK-MNPQR-STVWX',
    localAddresses: () => ['192.0.2.7'],
  };
}
