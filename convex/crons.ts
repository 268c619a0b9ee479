import { cronJobs } from "convex/server";
import { registerCrons } from "./transcription/server";

const crons = cronJobs();
registerCrons(crons);

export default crons;
