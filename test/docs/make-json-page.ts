import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonPage } from './json-page.ts';

writeFileSync(join(import.meta.dirname, '../../docs/json.md'), jsonPage());
