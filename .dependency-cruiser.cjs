// Who may import whom. The table in ARCHITECTURE.md is this file in words; test/architecture.test.ts keeps them equal.
const allowed = {
  base: [],
  crypto: ['base'],
  primitives: ['base', 'crypto'],
  protocol: ['base', 'crypto'],
  directory: ['base', 'crypto', 'protocol'],
  api: ['base'],
  engine: ['base', 'crypto', 'protocol', 'directory', 'api'],
  store: ['base', 'crypto', 'protocol', 'directory', 'api', 'engine'],
  net: ['base'],
  control: ['base', 'api'],
  node: ['base', 'crypto', 'primitives', 'protocol', 'directory', 'api', 'engine', 'store', 'net', 'control'],
  cli: ['base', 'api'],
};
const host = {
  base: [],
  crypto: [],
  primitives: ['crypto', 'zlib', 'buffer'],
  protocol: [],
  directory: [],
  api: [],
  engine: [],
  store: ['fs', 'fs/promises', 'path', 'os', 'crypto', 'sqlite'],
  net: ['net', 'dns', 'dns/promises'],
  control: ['net', 'fs', 'path', 'os'],
};
const unit = '[^/]+\\.test\\.ts$';
const folders = Object.keys(allowed);

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/', pathNot: unit }, to: {} },
    ...folders.map((folder) => ({
      name: `${folder}-imports`,
      comment: `${folder}/ may import only: ${[folder, ...allowed[folder]].join(', ')}`,
      severity: 'error',
      from: { path: `^src/${folder}/`, pathNot: unit },
      to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed[folder]].join('|')})/` },
    })),
    ...Object.keys(host).map((folder) => ({
      name: `${folder}-host`,
      comment: `${folder}/ may use of the host only: ${host[folder].join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: `^src/${folder}/`, pathNot: unit },
      to: {
        dependencyTypes: ['core'],
        ...(host[folder].length ? { pathNot: `^(node:)?(${host[folder].join('|')})$` } : {}),
      },
    })),
    ...folders.map((folder) => ({
      name: `${folder}-door`,
      comment: `${folder}/ is entered through its index.ts only`,
      severity: 'error',
      from: { path: '^src/', pathNot: [`^src/${folder}/`] },
      to: {
        path: `^src/${folder}/`,
        pathNot: [`^src/${folder}/index\\.ts$`, `^src/${folder}/[^/]+/index\\.ts$`],
      },
    })),
    {
      name: 'chapter-door',
      comment: 'each chapter of protocol/ is entered through its index.ts only',
      severity: 'error',
      from: { path: '^src/protocol/([^/]+)/' },
      to: { path: '^src/protocol/([^/]+)/', pathNot: ['^src/protocol/$1/', '/index\\.ts$'] },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { pathNot: '^(src/main\\.ts|test/)' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'runtime-dependencies-only',
      severity: 'error',
      from: { path: '^src/', pathNot: unit },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
