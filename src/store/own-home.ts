import { resolve } from 'node:path';
import { DEFAULT_PORT, type HomeOptions } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { findOwnEntry, type Directory } from '../directory/index.ts';
import { defaultHome, homeOwner } from './home-folder.ts';
import { machineAddresses } from './local-addresses.ts';

export interface OwnHome {
  readonly folder: string;
  readonly username: string;
}

/**
 * Whose program this is, and where its home lies or will lie: `as`, else the home's own answer, else the entry that is at this port of
 * this machine. Throws own-entry, home-damaged, home-newer or home-unusable.
 */
export function findOwnHome(
  { as, home, port = DEFAULT_PORT }: HomeOptions,
  directory: Directory,
  env: Readonly<Record<string, string | undefined>>,
): OwnHome {
  const name = as ?? (home === undefined ? undefined : homeOwner(home));
  const entry = findOwnEntry(directory, {
    ...(name === undefined ? {} : { as: name }),
    port,
    localAddresses: machineAddresses(),
  });
  if (!entry.ok) throw new CodedError(entry.failure);
  const { username } = entry.value;
  return { folder: resolve(home ?? defaultHome(username, env)), username };
}
