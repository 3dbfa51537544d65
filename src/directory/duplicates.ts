import { encodeHex, toSafeText, type Failure } from '../base/index.ts';
import { addressText, type PlacedEntry } from './entry.ts';
import { likenesses } from './username.ts';

/** Who could be mistaken for whom: names, addresses and keys that two entries share (DIR-04, CRY-18). */
export function findDuplicates(entries: readonly PlacedEntry[]): readonly Failure[] {
  return [
    ...findShared(entries, ({ username }) =>
      likenesses(username).map(({ key, why }) => ({ key, what: 'username', why })),
    ),
    ...findShared(entries, ({ addresses }) =>
      addresses.map((address) => ({
        key: addressText(address),
        what: 'ip',
        why: `has the same address ${addressText(address)}`,
      })),
    ),
    ...findShared(entries, ({ key }) =>
      key === undefined ? [] : [{ key: encodeHex(key), what: 'key', why: 'has the same key' }],
    ),
  ];
}

interface Mark {
  readonly key: string;
  readonly what: string;
  readonly why: string;
}

/** At most one failure an entry: what the first shared mark says. */
function findShared(
  entries: readonly PlacedEntry[],
  marksOf: (entry: PlacedEntry['entry']) => readonly Mark[],
): readonly Failure[] {
  const owners = new Map<string, PlacedEntry>();
  return entries.flatMap((placed) => {
    const marks = marksOf(placed.entry);
    const twin = marks.find((mark) => owners.has(mark.key));
    const first = twin === undefined ? undefined : owners.get(twin.key);
    for (const { key } of marks) if (!owners.has(key)) owners.set(key, placed);
    return twin === undefined || first === undefined ? [] : [collision(first, placed, twin)];
  });
}

function collision(first: PlacedEntry, second: PlacedEntry, { what, why }: Mark): Failure {
  const title = ({ entry, number }: PlacedEntry) => `entry ${number} (${toSafeText(entry.username)})`;
  return {
    code: 'directory-invalid',
    message: `line ${second.entry.line}: ${title(second)}, ${what}: ${why} as ${title(first)} on line ${first.entry.line}`,
    hint: 'Every person has a name, an address and a key of their own: change or remove one of the two entries.',
  };
}
