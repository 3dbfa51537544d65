/** Who dialled, and who listened. */
export type Role = 'initiator' | 'responder';
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk' | 'e1' | 'ekem1';

export interface MessagePattern {
  readonly sender: Role;
  readonly tokens: readonly Token[];
}

/** A Noise handshake pattern (Noise §7) with the tokens of its psk (§9) and hfs modifiers in place. */
export interface HandshakePattern {
  /** As in the protocol name, modifiers included: `XKhfs+psk3`. */
  readonly name: string;
  readonly preMessages: readonly MessagePattern[];
  readonly messages: readonly MessagePattern[];
  readonly hasPsk: boolean;
}

const TOKENS: ReadonlySet<string> = new Set(['e', 's', 'ee', 'es', 'se', 'ss', 'psk', 'e1', 'ekem1']);

/**
 * Reads a pattern as the specification writes it: one message a line, pre-messages before a line of `...`. The psk
 * modifiers of the name are put in (§9.4); hfs tokens stand in the text. A mistake in the text is ours and throws.
 */
export function parsePattern(name: string, text: string): HandshakePattern {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const dots = lines.indexOf('...');
  const messages = lines.slice(dots + 1).map(parseMessage);
  return {
    name,
    preMessages: lines.slice(0, Math.max(dots, 0)).map(parseMessage),
    messages: messages.map((message, index) => withPsks(message, index, name)),
    hasPsk: /psk\d/.test(name),
  };
}

function parseMessage(line: string): MessagePattern {
  const arrow = line.slice(0, 2);
  const tokens = line
    .slice(2)
    .split(',')
    .map((token) => token.trim());
  if ((arrow !== '->' && arrow !== '<-') || !tokens.every(isToken)) throw new Error(`not a pattern: ${line}`);
  return { sender: arrow === '->' ? 'initiator' : 'responder', tokens };
}

function isToken(token: string): token is Token {
  return TOKENS.has(token);
}

/** psk0 stands before the first message's tokens, psk1 after them, psk2 after the second's, and so on. */
function withPsks(message: MessagePattern, index: number, name: string): MessagePattern {
  const before: readonly Token[] = index === 0 && name.includes('psk0') ? ['psk'] : [];
  const after: readonly Token[] = name.includes(`psk${index + 1}`) ? ['psk'] : [];
  return { sender: message.sender, tokens: [...before, ...message.tokens, ...after] };
}
