import { registerCrons } from "convex-transcription-jobs/server";
import { cronJobs } from "convex/server";

const crons = cronJobs();
registerCrons(crons);

export default crons;
