import ts from "typescript";

const BUILDERS = new Set([
  "query",
  "mutation",
  "action",
  "internalQuery",
  "internalMutation",
  "internalAction",
]);

/**
 * The names of the exported functions that a module registers with Convex's own builders
 * (`export const list = query({…})`). Wrapped builders are not seen.
 */
export function registeredFunctions(source: string): string[] {
  const file = ts.createSourceFile("module.ts", source, ts.ScriptTarget.Latest);
  const names: string[] = [];
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    if (!statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const callee =
        initializer !== undefined && ts.isCallExpression(initializer)
          ? initializer.expression
          : undefined;
      if (callee === undefined || !ts.isIdentifier(callee) || !BUILDERS.has(callee.text)) continue;
      if (ts.isIdentifier(name)) names.push(name.text);
    }
  }
  return names;
}
