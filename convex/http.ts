import { httpRouter } from "convex/server";
import { registerRoutes } from "./transcription/server";

const http = httpRouter();
registerRoutes(http);

export default http;
