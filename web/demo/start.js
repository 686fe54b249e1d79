/** Panel "Start": the one button, what is going on, what went wrong. */

/** @type {Record<import('../protocol.js').StartStage, { words: string, done: number }>} */
const STAGES = {
  runtime: { words: 'Loading Python …', done: 0.2 },
  model: { words: 'Loading the network …', done: 0.7 },
  'warm-up': { words: 'Warming up …', done: 0.9 },
};

export class Start {
  #button = /** @type {HTMLButtonElement} */ (document.getElementById('start'));
  #progress = /** @type {HTMLElement} */ (document.getElementById('progress'));
  #bar = /** @type {HTMLElement} */ (document.getElementById('progress-bar'));
  #problem = /** @type {HTMLElement} */ (document.getElementById('problem'));

  /** @param {() => void} onclick */
  constructor(onclick) {
    this.#button.addEventListener('click', onclick);
  }

  /** @param {import('../protocol.js').StartStage} stage */
  showStage(stage) {
    this.#progress.textContent = STAGES[stage].words;
    this.#bar.style.setProperty('--done', String(STAGES[stage].done));
  }

  showStarting() {
    this.#show('Starting', 'Allow the microphone when the browser asks.');
    this.#button.disabled = true;
    this.#bar.toggleAttribute('data-active', true);
    this.#problem.hidden = true;
  }

  showRunning() {
    this.#show('Stop', 'Live. Switch Listen on to hear yourself, or record and compare.');
    this.#button.toggleAttribute('data-running', true);
  }

  showIdle() {
    this.#show('Start', 'Asks for your microphone.');
    this.#button.toggleAttribute('data-running', false);
  }

  /** @param {string} message */
  showProblem(message) {
    this.#problem.textContent = message;
    this.#problem.hidden = false;
  }

  /**
   * @param {string} action
   * @param {string} progress
   */
  #show(action, progress) {
    this.#button.textContent = action;
    this.#button.disabled = false;
    this.#progress.textContent = progress;
    this.#bar.toggleAttribute('data-active', false);
    this.#bar.style.setProperty('--done', '0');
  }
}
