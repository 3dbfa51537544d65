import type { Failure } from '../base/index.ts';
import { parseDirectory, type Directory } from '../directory/index.ts';
import { invalidDirectory, readDirectoryFile } from '../store/own/index.ts';

export interface LoadedDirectory {
  readonly directory: Directory;
  readonly warnings: readonly Failure[];
}

/** Throws directory-missing, directory-unreadable or directory-invalid, which names every mistake. */
export function loadDirectory(path: string): LoadedDirectory {
  const { bytes, warnings } = readDirectoryFile(path);
  const parsed = parseDirectory(bytes);
  if (!parsed.ok) throw invalidDirectory(path, parsed.failure);
  return { directory: parsed.value, warnings };
}
