import type { HomeTool, Services } from './api/index.ts';
import { createNodeTool, openChat } from './node/index.ts';
import { createDirectoryTool } from './store/own/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Everything that touches disk, network and clock, for the faces. Loaded only by commands that need it; the engine and the database are
 * loaded when no running program has the home.
 */
export function createServices(env: Environment): Services {
  return {
    openChat: async (options, cancel) => openChat(options, env, cancel),
    directory: createDirectoryTool(),
    home: createLateHomeTool(env),
    node: createNodeTool(env),
  };
}

function createLateHomeTool(env: Environment): HomeTool {
  const load = async (): Promise<HomeTool> => (await import('./store/index.ts')).createHomeTool(env);
  return {
    isLocked: async (options) => (await load()).isLocked(options),
    checkPassphrase: async (options) => (await load()).checkPassphrase(options),
    setPassphrase: async (options, next) => (await load()).setPassphrase(options, next),
    restore: async (command) => (await load()).restore(command),
  };
}
