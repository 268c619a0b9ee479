// Compiled with `skipLibCheck: false`: what the package declares has to be right by itself.
import { transcriptionTables } from "convex-transcription-jobs/server";
import { register } from "convex-transcription-jobs/test";
import { type DataModelFromSchemaDefinition, defineSchema } from "convex/server";
import type { GenericMutationCtx } from "convex/server";

const schema = defineSchema({ ...transcriptionTables });
export type Ctx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof schema>>;
export type Worker = ReturnType<typeof register>;
