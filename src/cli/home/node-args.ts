import type { GlobalFlag } from '../settings/flags.ts';
import type { Settings } from '../settings/settings.ts';

/** The flags of whatever starts a node, here or through systemd: those that `nodeArgs` hands on, and how it is said. */
export const NODE_FLAGS: readonly GlobalFlag[] = [
  'port',
  'directory',
  'as',
  'bind',
  'home',
  'closed',
  'keep',
  'linger',
  'plain',
  'json',
];

/** The command line of a node with these settings, wherever it is started: it depends on no folder, variable or file any more. */
export function nodeArgs(settings: Settings): readonly string[] {
  const { port, directory, as, bind = [], home, closed, keepMs, lingerMs } = settings;
  return [
    'up',
    '--foreground',
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(directory === undefined ? [] : ['--directory', directory]),
    ...(as === undefined ? [] : ['--as', as]),
    ...bind.flatMap((address) => ['--bind', address]),
    ...(home === undefined ? [] : ['--home', home]),
    ...(closed ? ['--closed'] : []),
    ...(keepMs === undefined ? [] : ['--keep', `${keepMs / 86_400_000}d`]),
    ...(lingerMs === undefined ? [] : ['--linger', `${lingerMs}ms`]),
  ];
}
