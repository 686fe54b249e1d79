/**
 * growth.py in the Pyodide that build_wasm.sh makes, under node: prints JSON.
 *
 *     node --experimental-wasm-relaxed-simd tests/python/growth.mjs
 */

import { readFileSync } from 'node:fs';

const runtime = new URL('../../.build/runtime/', import.meta.url);
const { loadPyodide } = await import(new URL('pyodide.mjs', runtime).href);
const options = { indexURL: runtime.pathname, packages: ['percepnet'], stdout() {} };
const python = await loadPyodide(options);
const script = readFileSync(new URL('growth.py', import.meta.url), 'utf8');
const globals = python.toPy({ __name__: 'growth' });
console.log(python.runPython(`${script}\njson.dumps(measure())`, { globals }));
