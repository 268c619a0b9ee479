import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import { apiDrift, dataModelDrift, type DeployedCode } from "./codegenDrift";
import { entryPoints, modulePath } from "./entryPoints";
import { readGeneratedApi } from "./generatedApi";
import { readGeneratedDataModel } from "./generatedDataModel";
import { registeredFunctions } from "./registeredFunctions";
import { schemaShape } from "./schemaShape";

/**
 * Compares `_generated/` with the functions folder around it, without a deployment.
 *
 * `_generated/server` holds nothing of the project but, in the newer form, its environment
 * variables, and other files may stand beside it, so only its presence is looked at.
 *
 * @returns what is out of date, one sentence each
 */
export async function codegenDrift(functionsDir: string): Promise<string[]> {
  const generated = path.join(functionsDir, "_generated");
  const read = (name: string): string | undefined =>
    [`${name}.d.ts`, `${name}.ts`]
      .map((file) => path.join(generated, file))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, "utf8"))[0];
  const [api, dataModel, server] = [read("api"), read("dataModel"), read("server")];
  const missing = Object.entries({ api, dataModel, server })
    .filter(([, text]) => text === undefined)
    .map(([name]) => `_generated/${name} is missing.`);
  if (api === undefined || dataModel === undefined) return missing;

  const code = await readCode(functionsDir);
  return [
    ...missing,
    ...apiDrift(readGeneratedApi(api), code),
    ...dataModelDrift(readGeneratedDataModel(dataModel), code),
  ];
}

async function readCode(functionsDir: string): Promise<DeployedCode> {
  const modules: DeployedCode["modules"] = {};
  for (const file of entryPoints(functionsDir)) {
    const source = readFileSync(path.join(functionsDir, file), "utf8");
    modules[modulePath(file)] = registeredFunctions(source);
  }
  const schemaFile = ["schema.ts", "schema.js"]
    .map((file) => path.join(functionsDir, file))
    .find((file) => existsSync(file));
  if (schemaFile === undefined) return { modules, schema: null };
  const { default: schema } = (await import(pathToFileURL(schemaFile).href)) as {
    default: SchemaDefinition<GenericSchema, boolean>;
  };
  return { modules, schema: schemaShape(schema) };
}
