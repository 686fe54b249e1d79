/** Which of the bundled networks computes. */

import { bundledModels } from '../models.js';

const DEFAULT = 'default';

export class ModelChoice {
  #select = /** @type {HTMLSelectElement} */ (document.getElementById('model-choice'));
  #help = /** @type {HTMLElement} */ (document.getElementById('model-help'));

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.#select.addEventListener('change', onchange);
    this.#offer();
  }

  /** Name of the one chosen. */
  get model() {
    return this.#select.value;
  }

  set model(name) {
    this.#select.value = name;
  }

  async #offer() {
    this.#select.add(new Option(DEFAULT, DEFAULT));
    try {
      const models = await bundledModels();
      this.#select.replaceChildren(...models.map(({ name, weights, bytes }) => new Option(
        `${name}: ${(weights / 1e6).toFixed(1)} M weights, ${(bytes / 1e6).toFixed(1)} MB`,
        name,
      )));
      this.#select.value = DEFAULT;
      this.#select.disabled = models.length < 2;
    } catch (error) {
      this.#select.disabled = true;
      this.#help.textContent = `The others cannot be listed: ${/** @type {Error} */ (error).message}`;
    }
  }
}
