import { freshKey, keyInstructions } from "./lib/key";

for (const line of keyInstructions(freshKey())) console.log(line);
