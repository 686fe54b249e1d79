/** Panel "Compare": denoised or original, aloud or not. */

export class Compare {
  #choices = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name=bypass]')
  );
  #monitor = /** @type {HTMLInputElement} */ (document.getElementById('monitor'));

  /** @param {() => void} onchange */
  constructor(onchange) {
    for (const control of [...this.#choices, this.#monitor]) {
      control.addEventListener('change', onchange);
    }
  }

  get bypass() {
    return [...this.#choices].some(({ checked, value }) => checked && value === 'on');
  }

  get listening() {
    return this.#monitor.checked;
  }
}
