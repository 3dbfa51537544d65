// The control experiment of the power cuts: a program that does nothing but write and fsync. argv: the file.
import { fsyncSync, openSync, writeSync } from 'node:fs';

const EVERY_MS = 5;
const file = openSync(process.argv[2] ?? '', 'a', 0o600);
let number = Number(process.argv[3] ?? 0);

setInterval(() => {
  number += 1;
  writeSync(file, `${number}\n`);
  fsyncSync(file);
  writeSync(1, `${number}\n`);
}, EVERY_MS);
