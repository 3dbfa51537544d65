import { spawn } from 'node:child_process';
import { CodedError } from '../../base/index.ts';
import type { Environment } from '../context.ts';

export const UNIT = 'sotto.service';

/** systemd answers at once, or stands still. */
const ANSWER_MS_MAX = 30_000;
/** Of what it says; the first lines tell. */
const SAID_MAX = 2_000;

export interface Answer {
  readonly exit: number;
  readonly said: string;
}

/** `systemctl --user …`; undefined where there is none. */
export async function systemctl(args: readonly string[], env: Environment): Promise<Answer | undefined> {
  const child = spawn('systemctl', ['--user', '--no-pager', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ANSWER_MS_MAX,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(0, SAID_MAX)));
  return new Promise((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve({ exit: code ?? 1, said: said.trim() }));
  });
}

/** As systemctl, and must have worked. Rejects with service-unusable; `hint` says how things stand then. */
export async function mustDo(args: readonly string[], env: Environment, hint: string): Promise<void> {
  const answer = await systemctl(args, env);
  if (answer?.exit === 0) return;
  const [why = ''] = answer?.said.split('\n') ?? ['there is no systemctl'];
  throw new CodedError({
    code: 'service-unusable',
    message: `systemctl --user ${args.join(' ')}: ${why === '' ? 'it failed' : why}`,
    hint,
  });
}
