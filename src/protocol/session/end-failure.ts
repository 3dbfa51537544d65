import { unreachable, type Failure } from '../../base/index.ts';
import type { Role } from '../handshake/index.ts';
import type { ConnectionPhase } from './connection-types.ts';

/** What the end of the stream means in each phase (spec/03 "State"); undefined where it is the end as agreed. */
export function endFailure(phase: ConnectionPhase, role: Role): Failure | undefined {
  switch (phase) {
    case 'preface':
    case 'handshake':
      return { code: 'not-proven', message: 'The connection ended before the peer proved itself.' };
    case 'proven':
      return role === 'initiator'
        ? { code: 'key-refused', message: 'The peer ended the connection after it saw our key.' }
        : { code: 'not-proven', message: 'The connection ended before its first record.' };
    case 'open':
      return { code: 'truncated', message: 'The connection ended without an authenticated end.' };
    case 'closing':
    case 'closed':
      return undefined;
    default:
      return unreachable(phase);
  }
}

/** A peer that closes with our bytes unread resets the connection: before its READY that says what an end would. */
export function lossFailure(failure: Failure, phase: ConnectionPhase, role: Role): Failure {
  return failure.code === 'reset' && phase !== 'open' ? (endFailure(phase, role) ?? failure) : failure;
}
