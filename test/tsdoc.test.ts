import { join, relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

// What a reader of the library's types sees: each export of a door says what it is, and so does each field and method of
// what the main door exports. A variant of a union is described as a whole.

const ROOT = join(import.meta.dirname, '..');
const SOURCES = join(ROOT, 'src/');
const MAIN = join(SOURCES, 'index.ts');
const CORE = [join(SOURCES, 'protocol/index.ts'), join(SOURCES, 'testing/index.ts')];

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (path) => ts.sys.readFile(path)) as {
  readonly config: unknown;
};
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
const program = ts.createProgram([MAIN, ...CORE], options);
const checker = program.getTypeChecker();

interface Described {
  readonly path: string;
  readonly node: ts.Node;
}

/** Of our own files, wherever in them it is declared. */
function exportsOf(door: string): readonly Described[] {
  const file = program.getSourceFile(door);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`${door} is no module`);
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const { declarations = [] } = isAlias ? checker.getAliasedSymbol(exported) : exported;
    return declarations
      .filter((node) => node.getSourceFile().fileName.startsWith(SOURCES))
      .map((node) => ({ path: exported.name, node }));
  });
}

/** The fields and methods that it declares itself. */
function membersOf({ path, node }: Described): readonly Described[] {
  if (ts.isTypeAliasDeclaration(node)) return membersOf({ path, node: node.type });
  if (ts.isUnionTypeNode(node)) return node.types.flatMap((type) => variantOf(path, type));
  if (ts.isIntersectionTypeNode(node)) return node.types.flatMap((type) => membersOf({ path, node: type }));
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node) && !ts.isTypeLiteralNode(node))
    return [];
  const members: readonly (ts.ClassElement | ts.TypeElement)[] = [...node.members];
  return members.flatMap((member) => {
    const { name } = member;
    if (!name || ts.isPrivateIdentifier(name)) return [];
    return [{ path: `${path}.${name.getText()}`, node: member }];
  });
}

function variantOf(path: string, type: ts.TypeNode): readonly Described[] {
  if (!ts.isTypeLiteralNode(type)) return membersOf({ path, node: type });
  return [{ path: `${path} ${type.members[0]?.getText() ?? '{}'}`, node: type }];
}

function isDescribed(node: ts.Node): boolean {
  if (!ts.isTypeLiteralNode(node)) return ts.getJSDocCommentsAndTags(node).length > 0;
  // Before the bar of a variant of a union, where the compiler does not look for one.
  const text = node.getSourceFile().text.slice(0, node.getStart());
  return /\*\/\s*\|\s*$/.test(text);
}

function undescribed(all: readonly Described[]): readonly string[] {
  return all
    .filter(({ node }) => !isDescribed(node))
    .map(({ path, node }) => {
      const { fileName, text } = node.getSourceFile();
      const line = text.slice(0, node.getStart()).split('\n').length;
      return `${relative(ROOT, fileName)}:${line} ${path}`;
    });
}

test('each export of the library’s main door, and each field and method of it, says what it is', () => {
  const described = exportsOf(MAIN).flatMap((each) => [each, ...membersOf(each)]);
  expect(described.length).toBeGreaterThan(150);
  expect(undescribed(described)).toEqual([]);
});

test.each(CORE)('each export of the door %s says what it is', (door) => {
  const exported = exportsOf(door);
  expect(exported.length).toBeGreaterThan(20);
  expect(undescribed(exported)).toEqual([]);
});
