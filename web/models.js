/** The models that lie beside the modules, and models from elsewhere. */

import { fetchFile } from './fetch-file.js';

const FOLDER = new URL('./models/', import.meta.url);

/**
 * @typedef {object} BundledModel
 * @property {string} name
 * @property {number} weights how many
 * @property {number} bytes of its file
 * @property {string} sha256 of its file, in hex
 */

/**
 * What comes with the package.
 *
 * @returns {Promise<BundledModel[]>} the smallest first
 */
export async function bundledModels() {
  const response = await fetchFile(new URL('index.json', FOLDER));
  const { models } = await response.json();
  return models;
}

/**
 * @param {string | URL} model name of a bundled model, or a URL object, the address of another
 * @returns {Promise<import('./protocol.js').ModelFile>}
 * @throws {Error} that it cannot be loaded
 */
export async function fetchModel(model) {
  const url = model instanceof URL ? model : new URL(`${model}.npz`, FOLDER);
  const response = await fetchFile(url);
  return { name: String(model), bytes: new Uint8Array(await response.arrayBuffer()) };
}
