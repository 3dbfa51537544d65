import { writeFileSync } from 'node:fs';

/** Writes a directory file, 0600, of these people on this machine and their ports; each one's password is `pw-<name>`. */
export function writePeople(path: string, ports: Readonly<Record<string, number>>): void {
  const people = Object.entries(ports).map(([username, port]) => ({
    username,
    password: `pw-${username}`,
    port,
    ip: '127.0.0.1',
  }));
  writeFileSync(path, JSON.stringify(people), { mode: 0o600 });
}
