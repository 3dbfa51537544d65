export { openChat } from './open-chat.ts';
export { createNodeTool } from './node-tool.ts';
