import ts from "typescript";

/** What a table is made of, as far as generated code shows it: field paths and index names. */
export interface TableShape {
  fieldPaths: string[];
  indexes: string[];
}

/** Tables by name. */
export type SchemaShape = Record<string, TableShape>;

/**
 * Where a generated data model has its tables from: `schema.ts` itself (the default of both
 * writers), a copy of it (`codegen.staticDataModel`), or no schema at all.
 */
export type GeneratedDataModel =
  | { form: "schema" }
  | { form: "static"; tables: SchemaShape }
  | { form: "any" }
  | { form: "unknown"; reason: string };

/** Reads the text of `_generated/dataModel.d.ts` or `_generated/dataModel.ts`. */
export function readGeneratedDataModel(text: string): GeneratedDataModel {
  const file = ts.createSourceFile("dataModel.d.ts", text, ts.ScriptTarget.Latest, true);
  const alias = file.statements.find(
    (statement) => ts.isTypeAliasDeclaration(statement) && statement.name.text === "DataModel",
  );
  if (alias === undefined || !ts.isTypeAliasDeclaration(alias)) {
    return { form: "unknown", reason: "it has no DataModel" };
  }
  const { type } = alias;
  const literal = ts.isIntersectionTypeNode(type) ? type.types[0] : type;
  if (literal !== undefined && ts.isTypeLiteralNode(literal)) {
    return { form: "static", tables: readTables(literal) };
  }
  if (type.getText() === "AnyDataModel") return { form: "any" };
  const schemaName = schemaArgument(type);
  if (schemaName === undefined) {
    return { form: "unknown", reason: "its DataModel is not one that Convex writes" };
  }
  return defaultImports(file).get(schemaName) === "../schema.js"
    ? { form: "schema" }
    : { form: "unknown", reason: "its DataModel is not made from ../schema.js" };
}

/** `schema` of `DataModelFromSchemaDefinition<typeof schema>`. */
function schemaArgument(type: ts.TypeNode): string | undefined {
  if (!ts.isTypeReferenceNode(type)) return undefined;
  if (type.typeName.getText() !== "DataModelFromSchemaDefinition") return undefined;
  const argument = type.typeArguments?.[0];
  return argument !== undefined && ts.isTypeQueryNode(argument)
    ? argument.exprName.getText()
    : undefined;
}

function defaultImports(file: ts.SourceFile): Map<string, string> {
  const imports = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const name = statement.importClause?.name?.text;
    if (name !== undefined && ts.isStringLiteral(statement.moduleSpecifier)) {
      imports.set(name, statement.moduleSpecifier.text);
    }
  }
  return imports;
}

function readTables(literal: ts.TypeLiteralNode): SchemaShape {
  const tables: SchemaShape = {};
  for (const [name, table] of members(literal)) {
    const parts = new Map(members(table));
    tables[name] = {
      fieldPaths: stringLiterals(parts.get("fieldPaths")).sort(),
      indexes: ["indexes", "searchIndexes", "vectorIndexes"]
        .flatMap((kind) => members(parts.get(kind)).map(([index]) => index))
        .sort(),
    };
  }
  return tables;
}

function members(node: ts.TypeNode | undefined): [string, ts.TypeNode][] {
  if (node === undefined || !ts.isTypeLiteralNode(node)) return [];
  return node.members.flatMap((member): [string, ts.TypeNode][] => {
    if (!ts.isPropertySignature(member) || member.type === undefined) return [];
    const { name } = member;
    const isPlain = ts.isIdentifier(name) || ts.isStringLiteral(name);
    return isPlain ? [[name.text, member.type]] : [];
  });
}

function stringLiterals(node: ts.TypeNode | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isUnionTypeNode(node)) return node.types.flatMap(stringLiterals);
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return [node.literal.text];
  // A record's keys: `field.${string}`.
  if (ts.isTemplateLiteralTypeNode(node)) return [node.getText().slice(1, -1)];
  return [];
}
