export { runCli } from './run-cli.ts';
export type { SignalName } from './stdio.ts';
