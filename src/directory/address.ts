import { failure, success, toSafeText, type Result } from '../base/index.ts';

export interface ParsedAddress {
  readonly kind: 'ipv4' | 'ipv6' | 'host';
  /** Dotted decimal; RFC 5952, with the zone if one was given; or a host name in lower case. */
  readonly canonical: string;
}

/**
 * An address as people write it. White space around it and brackets around IPv6 go; `::ffff:1.2.3.4` is 1.2.3.4
 * (NET-17). Fails with directory-invalid; a port in the address gets its own hint.
 */
export function parseAddress(text: string): Result<ParsedAddress> {
  const trimmed = text.trim();
  if (trimmed === '') return problem('the address is empty', 'Write an IPv4 or IPv6 address or a host name.');
  const bracketed = /^\[(?<inside>[^\]]*)\](?<rest>.*)$/su.exec(trimmed)?.groups;
  if (bracketed?.['rest']?.startsWith(':')) return portInAddress(trimmed);
  const bare = bracketed?.['rest'] === '' ? (bracketed['inside'] ?? '') : trimmed;
  const colons = bare.split(':').length - 1;
  if (colons >= 2) return parseIpv6(bare);
  if (colons === 1) return portInAddress(trimmed);
  return /^[0-9.]+$/.test(bare) ? parseIpv4(bare) : parseHost(bare);
}

/** True for 127.0.0.0/8, ::1 and the name localhost. */
export function isLoopback(canonical: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(canonical) || canonical === '::1' || canonical === 'localhost';
}

/**
 * Whom limits count as one: an IPv4 address (also in its form `::ffff:1.2.3.4`), of IPv6 the /64, which one household or
 * machine has as a whole (spec/01). A host name stays as it is.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [literal = '', zone] = address.split('%');
  const words = ipv6Words(literal);
  if (words === undefined) return address;
  const prefix = ipv6Text([...words.slice(0, 4), 0, 0, 0, 0]);
  return mappedIpv4(words) ?? `${prefix}/64${zone === undefined ? '' : `%${zone}`}`;
}

function problem(message: string, hint?: string): Result<never> {
  return failure('directory-invalid', message, hint);
}

function portInAddress(text: string): Result<never> {
  return problem(
    `“${toSafeText(text)}” has a port in the address`,
    'Write only the address here; the port has a field of its own.',
  );
}

function parseIpv4(text: string): Result<ParsedAddress> {
  const numbers = ipv4Numbers(text);
  if (numbers === undefined) {
    return problem(
      `“${toSafeText(text)}” is not an IPv4 address`,
      'That is four numbers from 0 to 255 without leading zeros, such as 192.168.1.20.',
    );
  }
  return success({ kind: 'ipv4', canonical: numbers.join('.') });
}

function ipv4Numbers(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= 255) ? numbers : undefined;
}

function parseIpv6(text: string): Result<ParsedAddress> {
  const [literal = '', zone, ...more] = text.split('%');
  const words = ipv6Words(literal);
  const badZone = more.length > 0 || (zone !== undefined && !/^[A-Za-z0-9._~-]{1,32}$/.test(zone));
  if (words === undefined || badZone) {
    return problem(
      `“${toSafeText(text)}” is not an IPv6 address`,
      'Such as fd00::20, or fe80::1%eth0 with the name of an interface.',
    );
  }
  const mapped = mappedIpv4(words);
  if (mapped !== undefined) return success({ kind: 'ipv4', canonical: mapped });
  return success({ kind: 'ipv6', canonical: ipv6Text(words) + (zone === undefined ? '' : `%${zone}`) });
}

/** The eight 16-bit words, or undefined (RFC 4291 §2.2). */
function ipv6Words(literal: string): readonly number[] | undefined {
  const halves = literal.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [wordsOf(halves[0] ?? '', halves.length === 1), wordsOf(halves[1] ?? '', true)];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  return missing >= 1 ? [...head, ...Array.from({ length: missing }, () => 0), ...tail] : undefined;
}

/** Only the last word of an address may be dotted decimal. */
function wordsOf(half: string, isEnd: boolean): readonly number[] | undefined {
  if (half === '') return [];
  const words: number[] = [];
  const parts = half.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      words.push(Number.parseInt(part, 16));
    } else {
      const dotted = isEnd && index === parts.length - 1 ? ipv4Numbers(part) : undefined;
      if (dotted === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = dotted;
      words.push(a * 256 + b, c * 256 + d);
    }
  }
  return words;
}

function mappedIpv4(words: readonly number[]): string | undefined {
  if (words.slice(0, 5).some((word) => word !== 0) || words[5] !== 0xffff) return undefined;
  return words
    .slice(6)
    .flatMap((word) => [word >> 8, word & 255])
    .join('.');
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zeros is `::`. */
function ipv6Text(words: readonly number[]): string {
  let [start, length] = [-1, 1];
  for (let i = 0; i < words.length; i++) {
    let run = 0;
    while (words[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
  }
  const hex = words.map((word) => word.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** RFC 1123 names, with the underscore that networks use all the same; the last label is not a number. */
function parseHost(text: string): Result<ParsedAddress> {
  const name = text.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  const good = labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  if (!good || name.length > 253 || /^[0-9]+$/.test(labels.at(-1) ?? '')) {
    return problem(
      `“${toSafeText(text.slice(0, 80))}” is neither an address nor a host name`,
      'A host name has letters, digits, - and dots (other scripts in their xn-- form).',
    );
  }
  return success({ kind: 'host', canonical: name });
}
