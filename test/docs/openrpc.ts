// docs/openrpc.json, made of the schemas by which requests are checked: what “rpc.discover” answers is what is served.
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { EVENT, FAILURE } from '../../src/api/json/index.ts';
import { METHODS } from '../../src/control/server/methods.ts';
import { CONTROL_VERSION, NOTIFICATIONS, RPC } from '../../src/control/rpc.ts';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}
type Json = Readonly<Record<string, unknown>>;

const SUBSCRIPTION = v.number();
const TOLD: Readonly<Record<string, readonly [summary: string, params: v.GenericSchema]>> = {
  [NOTIFICATIONS.event]: [
    'What happened. With the cursor a later “listen” goes on behind it.',
    v.object({ subscription: SUBSCRIPTION, event: EVENT, cursor: v.string() }),
  ],
  [NOTIFICATIONS.trace]: [
    'One line of what goes on inside.',
    v.object({ subscription: SUBSCRIPTION, line: v.string() }),
  ],
  [NOTIFICATIONS.ended]: [
    'Nothing more is told; with the fields of a failure: why.',
    v.object({
      subscription: SUBSCRIPTION,
      code: v.exactOptional(v.string()),
      message: v.exactOptional(v.string()),
      hint: v.exactOptional(v.string()),
    }),
  ],
  [NOTIFICATIONS.waiting]: [
    'To who has ended its side and still waits for an answer, every five seconds: it is on its way.',
    v.object({}),
  ],
  [NOTIFICATIONS.ending]: [
    'The program is ending. What was asked and is not answered by now, it has not begun.',
    v.object({ yielding: v.boolean() }),
  ],
};

const WORDS: Readonly<Record<keyof typeof RPC, string>> = {
  parse: 'The line is not JSON.',
  request: 'This is no JSON-RPC 2.0 request, or the line or the batch is too long.',
  method: 'There is no method of this name.',
  params: 'The params are wrong.',
  internal: 'A bug of Sotto.',
  coded: 'Sotto could not do it: data.code says why, see spec/errors.md.',
};

export function openRpcDocument(): Json {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Sotto',
      version: `${CONTROL_VERSION}.0.0`,
      description:
        'JSON-RPC 2.0, one object or one batch a line, over the socket of a home or over the standard streams of “sotto rpc”. See docs/control.md.',
      license: { name: 'MIT' },
    },
    methods: Object.entries(METHODS).map(([name, { summary, params, result }]) => ({
      name,
      summary,
      paramStructure: 'by-name',
      params: paramsOf(params),
      result: { name: 'result', schema: schemaOf(result) },
      errors: [{ $ref: '#/components/errors/coded' }, { $ref: '#/components/errors/params' }],
    })),
    components: {
      errors: Object.fromEntries(
        Object.entries(RPC).map(([name, code]) => [
          name,
          { code, message: WORDS[name as keyof typeof RPC], data: { $ref: '#/components/schemas/failure' } },
        ]),
      ),
      schemas: { failure: schemaOf(FAILURE) },
    },
    // OpenRPC has no word for what a server says by itself.
    'x-notifications': Object.entries(TOLD).map(([name, [summary, params]]) => ({
      name,
      summary,
      params: paramsOf(params),
    })),
  };
}

export function paramsOf(
  schema: v.GenericSchema,
): readonly { readonly name: string; readonly required: boolean }[] {
  const { properties = {}, required = [] } = schemaOf(schema) as JsonSchema;
  return Object.entries(properties).map(([name, { description, ...param }]) => ({
    name,
    ...(description !== undefined && { description }),
    required: required.includes(name),
    schema: param,
  }));
}

function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _dialect, ...json } = toJsonSchema(schema, { errorMode: 'ignore', typeMode: 'input' });
  return json;
}
