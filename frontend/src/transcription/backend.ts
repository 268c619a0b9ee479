import { api } from "../../../convex/_generated/api";

/** The backend module's public functions. In another app, the one path to adapt. */
export const jobsApi = api.transcriptionJobs;
