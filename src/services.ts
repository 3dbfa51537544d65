import type { Services } from './api/index.ts';
import { createNodeTool, openChat } from './node/index.ts';
import { createDirectoryTool, createHomeTool } from './store/index.ts';

/** Everything that touches disk, network and clock, for the faces. Loaded only by commands that need it. */
export function createServices(env: Readonly<Record<string, string | undefined>>): Services {
  return {
    openChat: async (options, cancel) => openChat(options, env, cancel),
    directory: createDirectoryTool(),
    home: createHomeTool(env),
    node: createNodeTool(env),
  };
}
