export * from './chat.ts';
export * from './directory-tool.ts';
export * from './events.ts';
export * from './home-tool.ts';
export * from './node-tool.ts';
export * from './services.ts';
export * from './settled-as.ts';
export * from './views.ts';
