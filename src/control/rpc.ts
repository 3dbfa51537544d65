// JSON-RPC 2.0, one object, or one array of them, a line: the numbers, and what both sides call things.

/** Of the methods that only Sotto's own programs use. Another one is not spoken to. */
export const CONTROL_VERSION = 2;

/** What JSON-RPC says of a request; `coded` is every failure of Sotto itself, which `data` tells apart. */
export const RPC = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  coded: -32_000,
} as const;

/** What the server says without being asked. */
export const NOTIFICATIONS = {
  event: 'event',
  trace: 'trace',
  /** A subscription has ended: the chat has, or it is behind too far. */
  ended: 'subscription.ended',
  /** Said now and then to who has ended its side and still waits for an answer: it may have left. */
  waiting: 'node.waiting',
  /** The program is ending. What was asked and is not answered by now, it has not begun. */
  ending: 'node.ending',
} as const;

export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value, or undefined: no line is `undefined` in JSON. */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
