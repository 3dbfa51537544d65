import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What must not be found: a name for the report, and what it is. */
export type Secrets = Readonly<Record<string, string | Uint8Array>>;

/** A secret as it may lie somewhere: as it is, in UTF-16, in hex, in base64 at each of its three alignments. */
export function formsOf(secret: string | Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(secret);
  const forms = [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('hex').toUpperCase())];
  if (typeof secret === 'string') forms.push(Buffer.from(secret, 'utf16le'));
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Characters that hold bits of neighbours are left out.
    const inner = text.slice(before === 0 ? 0 : before + 1, text.length - (text.endsWith('=') ? 4 : 0));
    forms.push(Buffer.from(inner), Buffer.from(inner.replaceAll('+', '-').replaceAll('/', '_')));
  }
  return forms;
}

/** Which secrets are in it, by name. */
export function findIn(content: Buffer, secrets: Secrets): readonly string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => content.includes(form)))
    .map(([name]) => name);
}

/** Every file below a folder, and what of it was found: `path: secret`. */
export function findBelow(folder: string, secrets: Secrets): readonly string[] {
  return filesBelow(folder).flatMap((path) => findInFile(path, secrets).map((name) => `${path}: ${name}`));
}

export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const CHUNK_BYTES = 16 * 1024 * 1024;

/** In pieces that overlap: a core dump is large. */
export function findInFile(path: string, secrets: Secrets): readonly string[] {
  const overlap = Math.max(
    ...Object.values(secrets)
      .flatMap((secret) => formsOf(secret))
      .map(({ length }) => length),
  );
  const found = new Set<string>();
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // A temporary file may have gone meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, statSync(path).size + overlap));
    for (let position = 0; ;) {
      const read = readSync(file, buffer, 0, buffer.length, position);
      for (const name of findIn(buffer.subarray(0, read), secrets)) found.add(name);
      if (read < buffer.length) return [...found];
      position += read - overlap;
    }
  } finally {
    closeSync(file);
  }
}

/** Where others on the machine, or a crash, could read of a running process (Linux): `what: secret`. */
export function findInProcess(pid: number, secrets: Secrets): readonly string[] {
  const proc = `/proc/${pid}`;
  const found = ['cmdline', 'environ'].flatMap((name) =>
    findIn(readFileSync(join(proc, name)), secrets).map((secret) => `${name}: ${secret}`),
  );
  for (const name of readdirSync(join(proc, 'fd'))) {
    const path = join(proc, 'fd', name);
    // A file that has no name any more is seen only here.
    if (!linkOf(path).endsWith(' (deleted)') || !statSync(path).isFile()) continue;
    found.push(...findIn(readFileSync(path), secrets).map((secret) => `a deleted file: ${secret}`));
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
