import { METHODS } from '../../src/control/server/methods.ts';
import { paramsOf } from './openrpc.ts';

const BEGIN = '<!-- methods: made by “npm run docs” -->';
const END = '<!-- end of methods -->';

/** docs/control.md with the table as the schemas have it. */
export function withMethods(page: string): string {
  const [head, rest = ''] = page.split(BEGIN);
  const [, tail = ''] = rest.split(END);
  return `${head}${BEGIN}\n\n${table()}\n\n${END}${tail}`;
}

function table(): string {
  const rows = Object.entries(METHODS).map(([name, { summary, params }]) => {
    const given = paramsOf(params).map((param) => `\`${param.name}\`${param.required ? '' : '?'}`);
    return `| \`${name}\` | ${given.join(', ')} | ${summary} |`;
  });
  return ['| method | params | |', '|---|---|---|', ...rows].join('\n');
}
