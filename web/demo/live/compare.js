/** Panel "Compare": denoised or original, aloud or not. */

const HOLD_MS = 400;

export class Compare {
  #choices = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name=bypass]')
  );
  #monitor = /** @type {HTMLInputElement} */ (document.getElementById('monitor'));
  #onchange;
  #pressedMs = NaN;

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.#onchange = onchange;
    for (const control of [...this.#choices, this.#monitor]) {
      control.addEventListener('change', onchange);
    }
    document.addEventListener('keydown', (event) => this.#press(event));
    document.addEventListener('keyup', (event) => this.#release(event));
  }

  get bypass() {
    return [...this.#choices].some(({ checked, value }) => checked && value === 'on');
  }

  get listening() {
    return this.#monitor.checked;
  }

  set listening(on) {
    this.#monitor.checked = on;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { key, repeat, ctrlKey, metaKey, altKey, timeStamp, defaultPrevented } = event;
    if (key.toLowerCase() !== 'b' || repeat || ctrlKey || metaKey || altKey) return;
    if (defaultPrevented) return; // a player has it
    this.#pressedMs = timeStamp;
    this.#switch();
  }

  /** Held down, the key is for a moment only. @param {KeyboardEvent} event */
  #release({ key, timeStamp }) {
    if (key.toLowerCase() !== 'b') return;
    if (timeStamp - this.#pressedMs > HOLD_MS) this.#switch();
    this.#pressedMs = NaN;
  }

  #switch() {
    const other = [...this.#choices].find(({ checked }) => !checked);
    if (other) other.checked = true;
    this.#onchange();
  }
}
