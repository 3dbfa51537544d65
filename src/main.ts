import { VERSION } from './version.ts';

process.stdout.write(`sotto ${VERSION}\n`);
