import type { GenericSchema, SchemaDefinition } from "convex/server";
import type { GenericValidator } from "convex/values";
import type { SchemaShape } from "./generatedDataModel";

const SYSTEM_FIELDS = ["_id", "_creationTime"];
const SYSTEM_INDEXES = ["by_id", "by_creation_time"];

/** The tables of a schema in the form in which a generated data model can be compared with it. */
export function schemaShape(schema: SchemaDefinition<GenericSchema, boolean>): SchemaShape {
  const shape: SchemaShape = {};
  for (const [name, table] of Object.entries(schema.tables)) {
    const exported = exportedIndexes(table);
    shape[name] = {
      fieldPaths: [...new Set([...fieldPaths(table.validator), ...SYSTEM_FIELDS])].sort(),
      indexes: [...SYSTEM_INDEXES, ...exported].sort(),
    };
  }
  return shape;
}

/** Index names, also of search and vector indexes, which have no public accessor. */
function exportedIndexes(table: object): string[] {
  return ["indexes", "searchIndexes", "vectorIndexes"].flatMap((kind) => {
    const list: unknown = Reflect.get(table, kind);
    return Array.isArray(list)
      ? list.map((index: { indexDescriptor: string }) => index.indexDescriptor)
      : [];
  });
}

function fieldPaths(validator: GenericValidator): string[] {
  switch (validator.kind) {
    case "object":
      return Object.entries(validator.fields).flatMap(([name, field]) => [
        name,
        ...fieldPaths(field as GenericValidator).map((rest) => `${name}.${rest}`),
      ]);
    case "union":
      return validator.members.flatMap((member) => fieldPaths(member as GenericValidator));
    case "record":
      return ["${string}"];
    default:
      return [];
  }
}
