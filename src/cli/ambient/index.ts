import type { ChatOptions, HomeOptions } from '../../api/index.ts';
import { readConfig } from '../settings/config-file.ts';
import { SETTINGS, type SettingKey } from '../settings/setting.ts';
import type { Environment } from '../context.ts';
import { defaultDirectory, fromVariable } from '../settings/settings.ts';

type Value<Key extends SettingKey> = ReturnType<(typeof SETTINGS)[Key]['parse']> | undefined;
type Read = <Key extends SettingKey>(key: Key) => Value<Key>;
type NodeSettings = Pick<ChatOptions, 'bind' | 'isClosed' | 'keepMs' | 'lingerMs'>;

/** Whose home a command without flags is about. Throws `usage`, or `config-invalid` for a file with any mistake. */
export function ambientHome(env: Environment): Omit<HomeOptions, 'passphrase'> {
  const read = reader(env);
  const [port, as, home] = [read('port'), read('as'), read('home')];
  return {
    directory: read('directory') ?? defaultDirectory(env),
    ...(port !== undefined && { port }),
    ...(as !== undefined && { as }),
    ...(home !== undefined && { home }),
  };
}

/** How `sotto up` without flags would listen. Throws as `ambientHome`. */
export function ambientNode(env: Environment): NodeSettings {
  const read = reader(env);
  const [bind, isClosed, keepMs, lingerMs] = [read('bind'), read('closed'), read('keep'), read('linger')];
  return {
    ...(bind !== undefined && { bind }),
    ...(isClosed !== undefined && { isClosed }),
    ...(keepMs !== undefined && { keepMs }),
    ...(lingerMs !== undefined && { lingerMs }),
  };
}

function reader(env: Environment): Read {
  const file = readConfig(env);
  return <Key extends SettingKey>(key: Key): Value<Key> => {
    const given = fromVariable(key, env) ?? file.get(key);
    return given && (SETTINGS[key].parse(given) as Value<Key>);
  };
}
