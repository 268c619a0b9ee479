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
import type * as auth from "../auth.js";
import type * as crons from "../crons.js";
import type * as env from "../env.js";
import type * as http from "../http.js";
import type * as maintenance from "../maintenance.js";
import type * as model_apiKeys from "../model/apiKeys.js";
import type * as model_applyUpdate from "../model/applyUpdate.js";
import type * as model_decide from "../model/decide.js";
import type * as model_errors from "../model/errors.js";
import type * as model_jobs from "../model/jobs.js";
import type * as model_limits from "../model/limits.js";
import type * as model_log from "../model/log.js";
import type * as model_pages from "../model/pages.js";
import type * as model_retention from "../model/retention.js";
import type * as model_stats from "../model/stats.js";
import type * as model_status from "../model/status.js";
import type * as model_text from "../model/text.js";
import type * as model_ticket from "../model/ticket.js";
import type * as model_transcript from "../model/transcript.js";
import type * as model_validators from "../model/validators.js";
import type * as transcriptionJobs from "../transcriptionJobs.js";
import type * as wire_body from "../wire/body.js";
import type * as wire_parseUpdate from "../wire/parseUpdate.js";
import type * as wire_timestamp from "../wire/timestamp.js";
import type * as wire_updateSchema from "../wire/updateSchema.js";

/**
 * A utility for referencing Convex functions in your app's API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
declare const fullApi: ApiFromModules<{
  auth: typeof auth;
  crons: typeof crons;
  env: typeof env;
  http: typeof http;
  maintenance: typeof maintenance;
  "model/apiKeys": typeof model_apiKeys;
  "model/applyUpdate": typeof model_applyUpdate;
  "model/decide": typeof model_decide;
  "model/errors": typeof model_errors;
  "model/jobs": typeof model_jobs;
  "model/limits": typeof model_limits;
  "model/log": typeof model_log;
  "model/pages": typeof model_pages;
  "model/retention": typeof model_retention;
  "model/stats": typeof model_stats;
  "model/status": typeof model_status;
  "model/text": typeof model_text;
  "model/ticket": typeof model_ticket;
  "model/transcript": typeof model_transcript;
  "model/validators": typeof model_validators;
  transcriptionJobs: typeof transcriptionJobs;
  "wire/body": typeof wire_body;
  "wire/parseUpdate": typeof wire_parseUpdate;
  "wire/timestamp": typeof wire_timestamp;
  "wire/updateSchema": typeof wire_updateSchema;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
