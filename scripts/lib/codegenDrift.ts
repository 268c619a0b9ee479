import type { GeneratedApi } from "./generatedApi";
import type { GeneratedDataModel, SchemaShape, TableShape } from "./generatedDataModel";

/** The functions folder as it is. */
export interface DeployedCode {
  /** Module paths without file ending, each with the functions that it registers. */
  modules: Record<string, string[]>;
  /** `null` without a `schema.ts`. */
  schema: SchemaShape | null;
}

/** What is wrong with a generated `api`, one sentence each. Empty: it is up to date. */
export function apiDrift(generated: GeneratedApi, code: DeployedCode): string[] {
  const modules = Object.keys(code.modules).sort();
  switch (generated.form) {
    case "unknown":
      return [`api: ${generated.reason}.`];
    case "imports":
      return [
        ...without(modules, generated.modules).map((name) => `api: module ${name} is missing.`),
        ...without(generated.modules, modules).map((name) => `api: there is no module ${name}.`),
      ];
    case "static": {
      const functions = modules.flatMap((module) =>
        (code.modules[module] ?? []).map((name) => `${module}:${name}`),
      );
      const listed = unique(generated.functions.map((name) => name.replace(/:[^:]*$/, "")));
      return [
        ...without(functions, generated.functions).map((name) => `api: ${name} is missing.`),
        ...without(listed, modules).map((name) => `api: there is no module ${name}.`),
      ];
    }
  }
}

/** What is wrong with a generated data model, one sentence each. Empty: it is up to date. */
export function dataModelDrift(generated: GeneratedDataModel, code: DeployedCode): string[] {
  const { schema } = code;
  switch (generated.form) {
    case "unknown":
      return [`data model: ${generated.reason}.`];
    case "schema":
      return schema === null ? ["data model: it imports a schema that is not there."] : [];
    case "any":
      return schema === null ? [] : ["data model: it was made before there was a schema."];
    case "static":
      return schema === null
        ? ["data model: it has tables, but there is no schema."]
        : tablesDrift(generated.tables, schema);
  }
}

function tablesDrift(generated: SchemaShape, schema: SchemaShape): string[] {
  const names = Object.keys(schema);
  return [
    ...without(names, Object.keys(generated)).map(
      (name) => `data model: table ${name} is missing.`,
    ),
    ...without(Object.keys(generated), names).map(
      (name) => `data model: there is no table ${name}.`,
    ),
    ...names.flatMap((name) => {
      const [before, now] = [generated[name], schema[name]];
      return before && now ? tableDrift(name, before, now) : [];
    }),
  ];
}

function tableDrift(name: string, generated: TableShape, schema: TableShape): string[] {
  const place = `data model: table ${name}:`;
  return [
    ...without(schema.fieldPaths, generated.fieldPaths).map((it) => `${place} no field ${it}.`),
    ...without(generated.fieldPaths, schema.fieldPaths).map((it) => `${place} old field ${it}.`),
    ...without(schema.indexes, generated.indexes).map((it) => `${place} no index ${it}.`),
    ...without(generated.indexes, schema.indexes).map((it) => `${place} old index ${it}.`),
  ];
}

function without(all: string[], some: string[]): string[] {
  const known = new Set(some);
  return all.filter((item) => !known.has(item));
}

function unique(items: string[]): string[] {
  return [...new Set(items)];
}
