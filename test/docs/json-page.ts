// docs/json.md, made of the schemas: what the program writes is what the page says.
import { toJsonSchema } from '@valibot/to-json-schema';
import {
  EVENT,
  FAILURE,
  HISTORY_PAGE,
  JSON_FORMAT,
  OUTBOX_PAGE,
  PUBLIC,
  RESULT,
  type Shape,
} from '../../src/api/json/index.ts';
import { toJsonLine } from '../../src/base/index.ts';
import { EXAMPLES, PART_EXAMPLES } from './json-examples.ts';

const INTRODUCTION = `# JSON for programs

<!-- Made by “npm run docs” of src/api/json; do not edit. -->

With \`--json\` a command writes to stdout one object a line, of the shapes below, and nothing else; what people read is on stderr. The control
socket speaks of the same things in the same shapes. \`type\` says which one it is.

This is format ${JSON_FORMAT}; \`sotto status --json\` tells it as \`json_format\`. Within a format types and fields are added, never renamed or
removed: pass over what you do not know. A \`code\` means the same for ever ([spec/errors.md](../spec/errors.md)); a \`message\` is
for people and may change.

- **time**: ISO 8601 in UTC with milliseconds. The clock of a peer may be anything: a time that no date can say is a number, ms since 1970.
- **text**: the very characters, whoever wrote them. A line has everything escaped that a terminal would obey; once parsed it has not.
- **whole number**: never negative. A field that ends in \`_ms\` is in milliseconds.
- Fields are left out where there is nothing to say; what is \`true\` or \`false\` is always there.

## When something fails

A command that fails before it could say what became of the matter ends with one [\`error\`](#error) on stdout, whatever it wrote before; the
sentence for people stays on stderr. So it is with mistakes on the command line, when \`--json\` is among its words. The \`exit_code\`
is the one of the process.

Where the objects of a command tell it themselves there is no \`error\`, only the exit code: a text that \`send\` or \`outbox retry\` did
not deliver or \`outbox cancel\` did not withdraw, a key about which \`trust\` wants a decision, mistakes that \`directory check\` found, a
\`status\` of what does not run, a \`delete\` that a person declined, a setting that is \`unset\`. The loop in a pipe writes an \`error\` for each
line that it could not carry out, and goes on, as \`config list\` does for each mistake of its file. A command that a signal ends, or whose
stdout is gone, adds nothing; a Node that is too old (exit 78) and a bug that nobody caught (70) are told on stderr alone.

\`\`\`console
$ sotto send bobb hello --json 2>/dev/null; echo "exit $?"
${toJsonLine(EXAMPLES[0])}
exit 6
\`\`\`
`;

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly pattern?: string;
}

export function jsonPage(): string {
  const events = typesOf(EVENT);
  const results = typesOf(RESULT).filter((type) => type !== 'error');
  const others = typesOf(PUBLIC).filter(
    (type) => type !== 'error' && !events.includes(type) && !results.includes(type),
  );
  return `${[
    INTRODUCTION,
    section('error'),
    '## Messages and events\n',
    '`sotto listen` writes messages, with `--events` everything; `sotto history --follow` writes `history` and `progress`.\n',
    ...events.map((type) => section(type)),
    '## What there is\n',
    ...others.map((type) => section(type)),
    '## What commands have done\n',
    ...results.map((type) => section(type)),
    '## Parts and pages\n',
    'Without a `type`: they are part of something else, or an answer of the control socket.\n',
    part('failure', FAILURE),
    part('outbox page', OUTBOX_PAGE),
    part('history page', HISTORY_PAGE),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

/** The object schemas behind a schema: variants are taken apart. */
function objectsOf(shape: Shape<unknown>): readonly JsonSchema[] {
  const flat = (schema: JsonSchema): readonly JsonSchema[] =>
    (schema.oneOf ?? schema.anyOf)?.flatMap(flat) ?? [schema];
  return flat(toJsonSchema(shape, { errorMode: 'ignore' }) as JsonSchema);
}

export function typesOf(shape: Shape<unknown>): readonly string[] {
  return [...new Set(objectsOf(shape).map((schema) => String(schema.properties?.['type']?.const)))];
}

const objects = objectsOf(PUBLIC);

function section(type: string): string {
  const schemas = objects.filter(({ properties }) => properties?.['type']?.const === type);
  const examples = EXAMPLES.filter((example) => example.type === type);
  return described(`\`${type}\``, schemas, examples);
}

function part(name: keyof typeof PART_EXAMPLES, shape: Shape<unknown>): string {
  return described(name, objectsOf(shape), [PART_EXAMPLES[name]]);
}

function described(title: string, schemas: readonly JsonSchema[], examples: readonly object[]): string {
  const words = new Set(schemas.map(({ description }) => description ?? ''));
  const rows = rowsOf(schemas);
  const table = ['| field | | |', '|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)];
  return [
    `### ${title}\n`,
    `${[...words].join(' ')}\n`,
    ...(rows.length === 0 ? [] : [`${table.join('\n')}\n`]),
    `\`\`\`json\n${examples.map((example) => toJsonLine(example)).join('\n')}\n\`\`\`\n`,
  ].join('\n');
}

type Row = readonly [field: string, type: string, meaning: string];

/** A row for each field; where there are variants, with the one that has it. */
function rowsOf(schemas: readonly JsonSchema[], prefix = ''): readonly Row[] {
  const names = new Set(schemas.flatMap(({ properties = {} }) => Object.keys(properties)));
  return [...names]
    .filter((name) => name !== 'type')
    .flatMap((name) => {
      const having = schemas.filter(({ properties }) => properties?.[name]);
      const fields = having.map(({ properties }) => properties?.[name] ?? {});
      const [field = {}] = fields;
      const isAlways = having.every(({ required }) => required?.includes(name));
      const presence = [
        ...(having.length < schemas.length ? [whereIs(having, schemas)] : []),
        ...(isAlways ? [] : ['if any']),
      ];
      const type = [[...new Set(fields.flatMap(typeWords))].join(', '), ...presence].join('; ');
      return [
        [`\`${prefix}${name}\``, type, field.description ?? ''] as const,
        ...(isOpened(field) ? rowsOf([field], `${prefix}${name}.`) : []),
      ];
    });
}

/** Which variants have the field, by what tells the variants apart. */
function whereIs(having: readonly JsonSchema[], all: readonly JsonSchema[]): string {
  const key =
    ['state', 'running'].find((name) => all.every(({ properties }) => properties?.[name])) ?? 'type';
  const valuesOf = (schemas: readonly JsonSchema[]): string =>
    schemas.flatMap(({ properties = {} }) => typeWords(properties[key] ?? {})).join(', ');
  const others = all.filter((schema) => !having.includes(schema));
  return having.length > others.length
    ? `unless \`${key}\` is ${valuesOf(others)}`
    : `where \`${key}\` is ${valuesOf(having)}`;
}

function isFailure({ properties }: JsonSchema): boolean {
  return Object.keys(properties ?? {}).join(' ') === 'code message hint';
}

/** Its fields are rows of their own: it is neither a failure nor a shape that has its own section. */
function isOpened(field: JsonSchema): boolean {
  return field.properties !== undefined && !field.properties['type'] && !isFailure(field);
}

function typeWords(schema: JsonSchema): readonly string[] {
  const { type, items, properties, anyOf = [] } = schema;
  if ('const' in schema) return [literal(schema.const)];
  if (schema.enum) return schema.enum.map((value) => literal(value));
  if (anyOf.some(({ pattern }) => pattern !== undefined)) return ['time'];
  if (anyOf.length > 0) return anyOf.flatMap(typeWords);
  if (isFailure(schema)) return ['[failure](#failure)'];
  if (properties) return [shapeWords(properties)];
  if (items) return [`list of ${items.properties ? itemWords(items) : `${typeWords(items).join()}s`}`];
  return [TYPE_WORDS[type ?? ''] ?? String(type)];
}

function itemWords(items: JsonSchema): string {
  if (isFailure(items)) return '[failures](#failure)';
  const { properties = {} } = items;
  return properties['type']
    ? `${shapeWords(properties)} objects`
    : `objects with ${Object.keys(properties)
        .map((name) => `\`${name}\``)
        .join(', ')}`;
}

function shapeWords(properties: NonNullable<JsonSchema['properties']>): string {
  const type = properties['type']?.const;
  return typeof type === 'string' ? `[\`${type}\`](#${type})` : 'object';
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'whole number',
  number: 'number',
};

function literal(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}
