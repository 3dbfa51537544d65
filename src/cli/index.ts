export { runCli } from './run-cli.ts';
export type { CliStdio, SignalName } from './terminal/stdio.ts';
