/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import type * as crons from "../crons.js";
import type * as http from "../http.js";
import type * as transcription_context from "../transcription/context.js";
import type * as transcription_crons from "../transcription/crons.js";
import type * as transcription_define from "../transcription/define.js";
import type * as transcription_environment from "../transcription/environment.js";
import type * as transcription_model_apiKeys from "../transcription/model/apiKeys.js";
import type * as transcription_model_applyUpdate from "../transcription/model/applyUpdate.js";
import type * as transcription_model_decide from "../transcription/model/decide.js";
import type * as transcription_model_errors from "../transcription/model/errors.js";
import type * as transcription_model_jobs from "../transcription/model/jobs.js";
import type * as transcription_model_limits from "../transcription/model/limits.js";
import type * as transcription_model_log from "../transcription/model/log.js";
import type * as transcription_model_onEnd from "../transcription/model/onEnd.js";
import type * as transcription_model_pages from "../transcription/model/pages.js";
import type * as transcription_model_platformErrors from "../transcription/model/platformErrors.js";
import type * as transcription_model_retention from "../transcription/model/retention.js";
import type * as transcription_model_stats from "../transcription/model/stats.js";
import type * as transcription_model_status from "../transcription/model/status.js";
import type * as transcription_model_text from "../transcription/model/text.js";
import type * as transcription_model_ticket from "../transcription/model/ticket.js";
import type * as transcription_model_transcript from "../transcription/model/transcript.js";
import type * as transcription_model_validators from "../transcription/model/validators.js";
import type * as transcription_operations from "../transcription/operations.js";
import type * as transcription_read from "../transcription/read.js";
import type * as transcription_routes from "../transcription/routes.js";
import type * as transcription_server from "../transcription/server.js";
import type * as transcription_tables from "../transcription/tables.js";
import type * as transcription_userId from "../transcription/userId.js";
import type * as transcription_wire_body from "../transcription/wire/body.js";
import type * as transcription_wire_english from "../transcription/wire/english.js";
import type * as transcription_wire_forms from "../transcription/wire/forms.js";
import type * as transcription_wire_parseUpdate from "../transcription/wire/parseUpdate.js";
import type * as transcription_wire_timestamp from "../transcription/wire/timestamp.js";
import type * as transcription_wire_updateSchema from "../transcription/wire/updateSchema.js";
import type * as transcriptionJobs from "../transcriptionJobs.js";

/**
 * A utility for referencing Convex functions in your app's API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
declare const fullApi: ApiFromModules<{
  crons: typeof crons;
  http: typeof http;
  "transcription/context": typeof transcription_context;
  "transcription/crons": typeof transcription_crons;
  "transcription/define": typeof transcription_define;
  "transcription/environment": typeof transcription_environment;
  "transcription/model/apiKeys": typeof transcription_model_apiKeys;
  "transcription/model/applyUpdate": typeof transcription_model_applyUpdate;
  "transcription/model/decide": typeof transcription_model_decide;
  "transcription/model/errors": typeof transcription_model_errors;
  "transcription/model/jobs": typeof transcription_model_jobs;
  "transcription/model/limits": typeof transcription_model_limits;
  "transcription/model/log": typeof transcription_model_log;
  "transcription/model/onEnd": typeof transcription_model_onEnd;
  "transcription/model/pages": typeof transcription_model_pages;
  "transcription/model/platformErrors": typeof transcription_model_platformErrors;
  "transcription/model/retention": typeof transcription_model_retention;
  "transcription/model/stats": typeof transcription_model_stats;
  "transcription/model/status": typeof transcription_model_status;
  "transcription/model/text": typeof transcription_model_text;
  "transcription/model/ticket": typeof transcription_model_ticket;
  "transcription/model/transcript": typeof transcription_model_transcript;
  "transcription/model/validators": typeof transcription_model_validators;
  "transcription/operations": typeof transcription_operations;
  "transcription/read": typeof transcription_read;
  "transcription/routes": typeof transcription_routes;
  "transcription/server": typeof transcription_server;
  "transcription/tables": typeof transcription_tables;
  "transcription/userId": typeof transcription_userId;
  "transcription/wire/body": typeof transcription_wire_body;
  "transcription/wire/english": typeof transcription_wire_english;
  "transcription/wire/forms": typeof transcription_wire_forms;
  "transcription/wire/parseUpdate": typeof transcription_wire_parseUpdate;
  "transcription/wire/timestamp": typeof transcription_wire_timestamp;
  "transcription/wire/updateSchema": typeof transcription_wire_updateSchema;
  transcriptionJobs: typeof transcriptionJobs;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
