import type { Environment } from '../context.ts';

/** By it a unit is known as ours: another one of the same name is not touched. */
export const UNIT_MARK = '# Written by “sotto service install”, and again by the next one.';

export interface UnitOptions {
  readonly node: string;
  readonly script: string;
  /** Of `sotto`. */
  readonly args: readonly string[];
  readonly username: string;
  readonly env: Environment;
}

/** The program finds its folders by these, and the user’s manager may not have them. */
const FOLDERS = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME'] as const;

/**
 * A unit of a user’s own systemd. What needs a mount namespace (ProtectSystem=, PrivateTmp= and others) is left out: in a user’s
 * manager that works only where user namespaces are open to everybody. Memory that is written and run is what V8 lives by.
 */
export function unitText({ node, script, args, username, env }: UnitOptions): string {
  const folders = FOLDERS.flatMap((name) => {
    const folder = env[name] ?? '';
    return folder.startsWith('/') ? [`Environment=${unitWord(`${name}=${folder}`, 'no-variables')}`] : [];
  });
  return `${UNIT_MARK}
[Unit]
Description=Sotto, encrypted chat, as ${plainText(username)}
Documentation=man:sotto-up(1)
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${[node, script, ...args].map((word) => unitWord(word, 'variables')).join(' ')}
${folders.map((line) => `${line}\n`).join('')}Restart=on-failure
RestartSec=5
# What is wrong with the command line, the settings, the passphrase or Node stays wrong.
RestartPreventExitStatus=2 7 78
SuccessExitStatus=143
TimeoutStopSec=10
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
`;
}

/** systemd.service(5), “Command lines”: quoted, without escapes, specifiers and variables of systemd’s own. */
function unitWord(word: string, kind: 'variables' | 'no-variables'): string {
  const escaped = word
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('%', '%%')
    .replaceAll(
      /\p{Cc}/gu,
      (character) => String.raw`\x` + character.charCodeAt(0).toString(16).padStart(2, '0'),
    );
  return `"${kind === 'variables' ? escaped.replaceAll('$', '$$$$') : escaped}"`;
}

/** A text on one line: nothing in it is a specifier. */
function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\\]/gu, ' ').replaceAll('%', '%%');
}
