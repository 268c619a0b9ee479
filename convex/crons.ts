import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();

crons.interval("mark silent jobs", { minutes: 1 }, internal.maintenance.watchdog, {});
crons.interval("delete expired jobs", { hours: 1 }, internal.maintenance.retention, {});

export default crons;
