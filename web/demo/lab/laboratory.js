/** The page's end of the worker. Computes the newest material; what was asked before it is left. */

/** @typedef {import('./protocol.js').Answer} Answer */
/** @typedef {import('./protocol.js').Request} Request */

export class Laboratory {
  #worker = new Worker(new URL('./lab-worker.js', import.meta.url), {
    type: 'module',
    name: 'percepnet-lab',
  });
  /** @type {import('./protocol.js').Material | undefined} */
  #waiting;
  #isLoaded = false;
  #isBusy = true; // until it is loaded; for ever where that fails

  /**
   * @param {object} listeners
   * @param {(result: import('./protocol.js').Result) => void} listeners.onresult
   * @param {(message: string) => void} listeners.onfailure in words for the visitor
   */
  constructor({ onresult, onfailure }) {
    /** @param {MessageEvent<Answer>} event */
    this.#worker.onmessage = ({ data }) => {
      if (data.type === 'failed') onfailure(data.message);
      else if (data.type === 'done' && !this.#waiting) onresult(data.result);
      this.#isLoaded ||= data.type === 'loaded';
      this.#isBusy = !this.#isLoaded;
      this.#next();
    };
    this.#worker.onerror = ({ message }) =>
      onfailure(message || 'lab-worker.js cannot be loaded: check that it is served');
    this.#ask({ type: 'load' });
  }

  /** @param {import('./protocol.js').Material} material */
  run(material) {
    this.#waiting = material;
    this.#next();
  }

  #next() {
    if (this.#isBusy || !this.#waiting) return;
    this.#isBusy = true;
    this.#ask({ type: 'run', ...this.#waiting });
    this.#waiting = undefined;
  }

  /** @param {Request} request */
  #ask(request) {
    this.#worker.postMessage(request);
  }
}
