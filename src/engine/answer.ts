import { success, type Bytes } from '../base/index.ts';
import {
  enrolResponder,
  refuseHandshake,
  sessionResponder,
  type HandshakeMachine,
} from '../protocol/handshake/index.ts';
import { encodePreface, type PrefaceMode } from '../protocol/wire/index.ts';
import type { EngineCore } from './core.ts';
import type { Link } from './link.ts';

/** What we answer to whoever dialled us, once the preface says what they want. */
export function answerHandshake(
  core: EngineCore,
  link: Link | undefined,
  mode: PrefaceMode,
): HandshakeMachine {
  const { primitives, entropy, self, keys } = core.options;
  const preface: Bytes = encodePreface(mode);
  const base = { primitives, entropy, preface, localName: self, localStatic: keys };
  if (mode === 'session') return sessionResponder({ ...base, authority: core.desk.sessionAuthority() });
  if (!link || core.desk.isClosedToEnrols(core.now().wall)) {
    return refuseHandshake({ code: 'enrol-closed', message: 'No first contact is awaited here.' });
  }
  return enrolResponder({
    ...base,
    authority: {
      passwordsFor: (claim) => {
        const refused = core.guesses.admit(link, claim.userI, core.now());
        if (refused) return { ok: false, failure: refused };
        return success(core.desk.enrolPasswords(claim, core.now().wall));
      },
    },
  });
}
