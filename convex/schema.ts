import { defineSchema } from "convex/server";
import { transcriptionTables } from "./transcription/server";

export default defineSchema({ ...transcriptionTables });
