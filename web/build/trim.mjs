/**
 * Use the package in Pyodide under node as pages do; keep, compiled, what that imported.
 *
 *     node trim.mjs RUNTIME MODEL TRIMMED
 *
 * RUNTIME: folder with Pyodide, the packages and their lock file. TRIMMED: folder to fill.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [runtime, model, trimmed] = process.argv.slice(2).map((path) => resolve(path));

const { loadPyodide } = await import(pathToFileURL(`${runtime}/pyodide.mjs`).href);
const python = await loadPyodide({ indexURL: `${runtime}/`, packages: ['percepnet'] });
python.FS.writeFile('/model.npz', readFileSync(model));
python.mountNodeFS('/trimmed', trimmed);

run('exercise.py');
await python.runPythonAsync('import asyncio; await asyncio.sleep(0)');
try {
  python.runPython('1 / 0');
} catch {
  // What carries errors over to JavaScript is imported now, too.
}
run('trim.py');

/** @param {string} name */
function run(name) {
  const script = readFileSync(new URL(name, import.meta.url), 'utf8');
  python.runPython(script, { filename: name, globals: python.toPy({ __name__: name }) });
}
