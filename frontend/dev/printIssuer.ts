import path from "node:path";
import { loadIssuer } from "./issuer";
import { providerInstructions } from "./providerText";

const file = path.join(import.meta.dirname, "../../.dev-issuer.json");

try {
  const { provider } = await loadIssuer(file);
  console.log(providerInstructions(provider, path.basename(file)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
