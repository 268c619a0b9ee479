import { registerCrons } from "convex-transcription-jobs/server";
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.daily("forget payments", { hourUTC: 3, minuteUTC: 0 }, internal.maintenance.forgetPayments);
registerCrons(crons);

export default crons;
