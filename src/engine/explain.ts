import type { Failure } from '../base/index.ts';

/** A connection's failure, said to the person who waits for a message to go out: which step, what it means, what to do. */
export function explainDialFailure(failure: Failure, name: string, address: string): Failure {
  const say = (message: string, hint: string, code = failure.code): Failure => ({ code, message, hint });
  switch (failure.code) {
    case 'refused':
      return say(`Nobody listens at ${address}.`, `Is ${name}’s Sotto running, with this port?`);
    case 'unreachable':
    case 'connect-timeout':
      return say(
        `${name} does not answer at ${address}.`,
        `Is the machine up, the address right, the port let through its firewall?`,
      );
    case 'name-unresolved':
      return say(`The host name of ${address} does not resolve.`, `Check ${name}’s ip in the directory.`);
    case 'not-proven':
    case 'handshake-timeout':
    case 'reset':
      return say(
        `${name} ended the connection before proving itself: not ${name}, or busy.`,
        'It is tried again by itself.',
        'not-proven',
      );
    case 'key-refused':
      return say(
        `${name} holds another key for you, or has removed you.`,
        `Ask ${name} to look at “sotto trust” for your name, or for a repair window.`,
      );
    case 'pake-confirm':
      return say(
        `The passwords differ, or ${name} does not list you.`,
        `Compare both entries in both directory files; once they agree, “sotto outbox retry ${name}” tries again.`,
        'password-mismatch',
      );
    case 'handshake-decrypt':
      return say(
        `Whoever answers at ${address} is not ${name}: the pinned key was not proven.`,
        `Check the address; ask ${name}.`,
      );
    case 'handshake-key':
      return say(
        `Whoever answers at ${address} has another key than the directory says.`,
        `Check ${name}’s key and address.`,
      );
    case 'handshake-self':
      return say(
        `${name}’s address ${address} is this very program.`,
        `Correct ${name}’s ip and port in the directory.`,
      );
    case 'handshake-point':
      return say(`${name} sent a forged key.`, 'Somebody may be in the middle of the line.');
    default:
      return failure;
  }
}

export const KEY_PENDING_AT_PEER = (name: string): Failure => ({
  code: 'key-pending',
  message: `Your key waits for ${name}’s approval: ${name} knew you with another one.`,
  hint: `Compare the safety number with ${name}; then ${name} runs “sotto trust”.`,
});

export const PEER_REFUSED = (name: string): Failure => ({
  code: 'peer-refused',
  message: `${name} refuses sessions with you.`,
  hint: `Ask ${name} whether you are in the directory there.`,
});

export const KEY_CHANGED = (name: string): Failure => ({
  code: 'key-changed',
  message: `KEY CHANGED: ${name} proved the password with another key than the pinned one. Nothing is sent.`,
  hint: `Compare the new safety number with ${name} in person or by phone; then approve it with “sotto trust ${name}”.`,
});

export const CONTACT_REMOVED = (name: string): Failure => ({
  code: 'contact-unknown',
  message: `${name} is no longer in the directory.`,
  hint: 'Put the entry back, or withdraw the message.',
});

/** In a home that a newer program has used. */
export const NEWER_VERSION = (name: string, version: number): Failure => ({
  code: 'version-downgrade',
  message: `A newer Sotto wrote this home: with ${name} it speaks version ${version} of the protocol, which this one does not.`,
  hint: 'Use the newer Sotto. An older version would be a step back that somebody else might want.',
});
