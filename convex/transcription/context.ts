import {
  type DataModelFromSchemaDefinition,
  defineSchema,
  type DocumentByName,
  type FunctionReference,
  type GenericMutationCtx,
  type GenericQueryCtx,
  internalMutationGeneric,
  makeFunctionReference,
  type MutationBuilder,
  mutationGeneric,
  type QueryBuilder,
  queryGeneric,
  type TableNamesInDataModel,
} from "convex/server";
import type { GenericId } from "convex/values";
import type { Operation } from "./operations.js";
import { transcriptionTables } from "./tables.js";
import type { Update, UpdateAnswer } from "./model/validators.js";

/**
 * The module's own view of the database: its tables and no others, so that nothing here depends on
 * an app's generated code. Functions are reached by name, since an app's `convex/transcriptionJobs.ts` exports them.
 */
export const schema = defineSchema(transcriptionTables);

export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type Doc<Table extends TableNamesInDataModel<DataModel>> = DocumentByName<DataModel, Table>;
export type Id<Table extends TableNamesInDataModel<DataModel>> = GenericId<Table>;
export type QueryCtx = GenericQueryCtx<DataModel>;
export type MutationCtx = GenericMutationCtx<DataModel>;

export const query = queryGeneric as QueryBuilder<DataModel, "public">;
export const mutation = mutationGeneric as MutationBuilder<DataModel, "public">;
export const internalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;

type InternalMutation<Args extends Record<string, unknown>, Returns> = FunctionReference<
  "mutation",
  "internal",
  Args,
  Returns
>;

export const UPDATE_FROM_API = makeFunctionReference(
  "transcriptionJobs:updateFromAPI",
) as unknown as InternalMutation<Update, UpdateAnswer>;

export const RUN = makeFunctionReference("transcriptionJobs:run") as unknown as InternalMutation<
  Operation,
  UpdateAnswer[] | null
>;
