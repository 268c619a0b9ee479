import ts from "typescript";

/**
 * What a generated `api` says about the modules it was made from. The writers of `convex codegen`
 * (older, and newer as `convex dev` uses it) import every module; with `codegen.staticApi` the
 * functions are spelled out and a module without functions is not mentioned.
 */
export type GeneratedApi =
  | { form: "imports"; modules: string[] }
  | { form: "static"; functions: string[] }
  | { form: "unknown"; reason: string };

/** Reads the text of `_generated/api.d.ts` or `_generated/api.ts`. */
export function readGeneratedApi(text: string): GeneratedApi {
  const file = ts.createSourceFile("api.d.ts", text, ts.ScriptTarget.Latest);
  const types = variableTypes(file);
  const fullApi = types.get("fullApi");
  if (fullApi !== undefined) return readImports(file, fullApi);
  const trees = [types.get("api"), types.get("internal")];
  if (trees.every((tree) => tree !== undefined && ts.isTypeLiteralNode(tree))) {
    return { form: "static", functions: trees.flatMap((tree) => functionsOf(tree, [])).sort() };
  }
  return { form: "unknown", reason: "it lists no modules" };
}

function readImports(file: ts.SourceFile, fullApi: ts.TypeNode): GeneratedApi {
  const imported = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamespaceImport(bindings)) continue;
    if (!ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const module = /^\.\.\/(.+)\.js$/.exec(statement.moduleSpecifier.text)?.[1];
    if (module !== undefined) imported.set(bindings.name.text, module);
  }

  const literal = ts.isTypeReferenceNode(fullApi) ? fullApi.typeArguments?.[0] : undefined;
  if (literal === undefined || !ts.isTypeLiteralNode(literal)) {
    return { form: "unknown", reason: "its list of modules is not one that Convex writes" };
  }
  const listed: string[] = [];
  for (const member of literal.members) {
    const name = memberName(member);
    const target =
      ts.isPropertySignature(member) && member.type && ts.isTypeQueryNode(member.type)
        ? member.type.exprName.getText(file)
        : "";
    if (imported.get(target) !== name) {
      return { form: "unknown", reason: `"${name}" is not the module that it imports` };
    }
    listed.push(name);
  }
  if (listed.length !== imported.size) {
    return { form: "unknown", reason: "it imports modules that it does not list" };
  }
  return { form: "imports", modules: listed.sort() };
}

/** `path/to/module:function` of every function in a spelled-out `api`. */
function functionsOf(node: ts.TypeNode | undefined, path: string[]): string[] {
  if (node === undefined || !ts.isTypeLiteralNode(node)) return [];
  return node.members.flatMap((member) => {
    const name = memberName(member);
    const type = ts.isPropertySignature(member) ? member.type : undefined;
    return type !== undefined && ts.isTypeLiteralNode(type)
      ? functionsOf(type, [...path, name])
      : [`${path.join("/")}:${name}`];
  });
}

function variableTypes(file: ts.SourceFile): Map<string, ts.TypeNode> {
  const types = new Map<string, ts.TypeNode>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, type } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && type !== undefined) types.set(name.text, type);
    }
  }
  return types;
}

function memberName(member: ts.TypeElement): string {
  const { name } = member;
  return name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : "";
}
