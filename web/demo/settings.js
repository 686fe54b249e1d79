/** How much is taken away: the two sliders. */

const NO_LIMIT_DB = 41; // one past the slider's last limit

export class Settings {
  #strength = slider('strength');
  #limit = slider('limit');

  /** @param {() => void} onchange */
  constructor(onchange) {
    for (const control of [this.#strength, this.#limit]) {
      control.addEventListener('input', () => {
        this.#show();
        onchange();
      });
    }
    this.#show();
  }

  /** 0 to 1 */
  get strength() {
    return this.#strength.valueAsNumber / 100;
  }

  /** 0 to Infinity */
  get attenuationLimitDb() {
    const limitDb = this.#limit.valueAsNumber;
    return limitDb < NO_LIMIT_DB ? limitDb : Infinity;
  }

  #show() {
    const limitDb = this.attenuationLimitDb;
    tell(this.#strength, `${this.#strength.value} %`);
    tell(this.#limit, limitDb < Infinity ? `${limitDb} dB` : 'no limit');
  }
}

/** @param {string} id */
function slider(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id));
}

/**
 * @param {HTMLInputElement} control
 * @param {string} text
 */
function tell(control, text) {
  control.ariaValueText = text;
  const output = /** @type {HTMLOutputElement} */ (document.getElementById(`${control.id}-value`));
  output.value = text;
  const { min, max, valueAsNumber } = control;
  const share = (valueAsNumber - Number(min)) / (Number(max) - Number(min));
  control.style.setProperty('--share', String(share));
}
