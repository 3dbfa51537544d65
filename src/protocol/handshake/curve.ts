import type { Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';

/**
 * X25519 with what a peer sent: undefined for a low-order point (the all-zero secret, RFC 7748 §6.1) and for an encoding
 * that is not the canonical one. RFC 7748 would reduce such an encoding; but a key that can be written in two ways is
 * two identities for whoever compares bytes, and honest programs never send one.
 */
export function sharedSecret(primitives: Primitives, secret: Bytes, publicKey: Bytes): Bytes | undefined {
  return isCanonical(publicKey) ? primitives.x25519(secret, publicKey) : undefined;
}

/** u < 2^255 − 19, little-endian. */
function isCanonical(u: Bytes): boolean {
  const last = u[31] ?? 0;
  if (last !== 0x7f) return last < 0x7f;
  return u.subarray(1, 31).some((byte) => byte !== 0xff) || (u[0] ?? 0) < 0xed;
}
