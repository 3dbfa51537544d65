import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { helpWidth } from '../words/help-text.ts';
import { Terminal } from './terminal.ts';

test('a terminal whose size nobody has set, which says 0, is taken for an ordinary one (TUI-06)', () => {
  const widthOf = (columns: number | undefined): number => {
    const stdout = Object.assign(new PassThrough(), { columns });
    const stdio = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
    const ignore = (): void => undefined;
    return new Terminal(stdio, { onKeys: ignore, onResize: ignore, onHangup: ignore }).columns;
  };
  expect([widthOf(0), widthOf(undefined), widthOf(1), widthOf(200)]).toEqual([80, 80, 1, 200]);
  expect([helpWidth(0), helpWidth(undefined), helpWidth(1), helpWidth(60)]).toEqual([110, 110, 40, 60]);
});
