export { runCli } from './run-cli.ts';
export type { CliStdio, SignalName } from './stdio.ts';
