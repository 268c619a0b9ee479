/**
 * Sets a deployment's environment variables, which its functions read from `process.env`. Returns
 * the function that puts back what was there before.
 */
export function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      // Assigning `undefined` would set the text "undefined".
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}
