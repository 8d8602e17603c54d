/* Started by import-check.ts with one argument: what to import. Prints what it touched, as JSON. */
import { browserGlobals } from '@ringfence/tooling/browser-globals';

const touched = new Set<string>();
for (const name of browserGlobals) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      touched.add(name);
      return undefined;
    },
    set() {
      touched.add(name);
    },
  });
}
await import(process.argv[2]!);
process.stdout.write(JSON.stringify([...touched]));
