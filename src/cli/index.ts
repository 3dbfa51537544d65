export { runCli, type CliRun } from './run-cli.ts';
export type { CliInput, CliOutput, CliSignals, CliStdio, SignalName } from './stdio.ts';
