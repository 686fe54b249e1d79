/** Panel "Start": the one button, what is going on, what went wrong. */

/** @type {Record<import('../../protocol.js').StartStage, { words: string, done: number }>} */
const STAGES = {
  runtime: { words: 'Loading Python …', done: 0.2 },
  model: { words: 'Loading the network …', done: 0.7 },
  'warm-up': { words: 'Warming up …', done: 0.9 },
};

/** @type {Record<import('../../supervisor.js').Reason, string>} */
const DEGRADED = {
  late: 'This computer is too slow at the moment: now and then you hear the original.',
  slow: 'This computer is too slow for this network: the smallest one takes over.',
  stopped: 'The engine has stopped, a new one is starting: you hear the original.',
  failed: 'The engine has failed, a new one is starting: you hear the original.',
};

const IDLE = 'Asks for your microphone.';

/** What to do now, with the microphone or the example. */
const RUNNING = {
  microphone: 'Live. Switch Listen on to hear yourself, or record and compare.',
  example: 'You hear the example, denoised. Choose Original, or press B, to hear it as it was.',
};

export class Start {
  #button = /** @type {HTMLButtonElement} */ (document.getElementById('start'));
  #example = /** @type {HTMLButtonElement} */ (document.getElementById('example'));
  #progress = /** @type {HTMLElement} */ (document.getElementById('progress'));
  #bar = /** @type {HTMLElement} */ (document.getElementById('progress-bar'));
  #problem = /** @type {HTMLElement} */ (document.getElementById('problem'));
  #hints;
  #running = '';
  #flows = true;

  /**
   * @param {() => void} onclick
   * @param {() => void} onexample
   * @param {typeof RUNNING} hints
   */
  constructor(onclick, onexample, hints = RUNNING) {
    this.#hints = hints;
    this.#button.addEventListener('click', onclick);
    this.#example.addEventListener('click', onexample);
  }

  /** @param {import('../../protocol.js').StartStage} stage */
  showStage(stage) {
    if (!this.#button.disabled) return; // of a start that has failed
    this.#progress.textContent = STAGES[stage].words;
    this.#bar.style.setProperty('--done', String(STAGES[stage].done));
  }

  /** @param {boolean} example */
  showStarting(example) {
    this.#show('Starting', example ? 'Loading …' : 'Allow the microphone when the browser asks.');
    this.#button.disabled = true;
    this.#example.hidden = true;
    this.#bar.toggleAttribute('data-active', true);
    this.clearProblem();
  }

  /** @param {boolean} example */
  showRunning(example) {
    this.#running = example ? this.#hints.example : this.#hints.microphone;
    this.#show('Stop', this.#running);
    this.#button.toggleAttribute('data-running', true);
    this.#flows = true;
  }

  /** @param {import('../../supervisor.js').Reason} reason */
  showDegraded(reason) {
    this.#progress.textContent = DEGRADED[reason];
  }

  showRecovered() {
    this.#progress.textContent = this.#running;
  }

  /** @param {boolean} flows sound from the source */
  showFlow(flows) {
    if (flows === this.#flows) return;
    this.#flows = flows;
    this.#progress.textContent = flows
      ? this.#running
      : 'No sound arrives any more. Is the microphone still on? Choose it again below, or stop.';
  }

  showIdle() {
    this.#show('Start', IDLE);
    this.#button.toggleAttribute('data-running', false);
    this.#example.hidden = false;
  }

  /** @param {string} message */
  showProblem(message) {
    this.#problem.textContent = message;
    this.#problem.hidden = false;
  }

  clearProblem() {
    this.#problem.hidden = true;
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
