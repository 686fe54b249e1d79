/** The page's end of a channel's worker: one request at a time. */

/** @typedef {import('./channel-worker.js').Answer} Answer */

export class ChannelEngine {
  #worker = new Worker(new URL('./channel-worker.js', import.meta.url), {
    type: 'module',
    name: 'percepnet-file',
  });

  /** Samples by which `process` delays the signal. */
  latency = 0;

  #model = '';

  /**
   * @param {string} model name of the network from here on
   * @throws {Error} what could not be loaded and what to do
   */
  async load(model) {
    if (model === this.#model) return;
    const loaded = await this.#ask({ type: 'load', model });
    if (loaded.type === 'loaded') this.latency = loaded.latency;
    this.#model = model;
  }

  /**
   * Forget the audio so far.
   *
   * @param {{ strength: number, attenuationLimitDb: number }} settings
   */
  begin({ strength, attenuationLimitDb }) {
    this.#worker.postMessage({ type: 'begin', strength, attenuationLimitDb });
  }

  /**
   * @param {Float32Array<ArrayBuffer>} samples whole hops; given away
   * @returns {Promise<Float32Array>} as many, later by `latency`
   * @throws {Error} what has gone wrong in the engine
   */
  async process(samples) {
    const done = await this.#ask({ type: 'process', samples }, [samples.buffer]);
    return done.type === 'processed' ? done.samples : samples;
  }

  close() {
    this.#worker.terminate();
  }

  /**
   * @param {import('./channel-worker.js').Request} request
   * @param {Transferable[]} transfer
   * @returns {Promise<Answer>}
   */
  #ask(request, transfer = []) {
    return new Promise((resolve, reject) => {
      /** @param {MessageEvent<Answer>} event */
      this.#worker.onmessage = ({ data }) => {
        if (data.type === 'failed') reject(new Error(data.message));
        else resolve(data);
      };
      this.#worker.onerror = ({ message }) =>
        reject(new Error(message || 'channel-worker.js cannot be loaded: check that it is served'));
      this.#worker.postMessage(request, transfer);
    });
  }
}

/** Engines by channel, kept from file to file. */
export class EnginePool {
  /** @type {ChannelEngine[]} */
  #engines = [];

  /**
   * @param {number} nChannels
   * @param {string} model name of the network
   * @returns {Promise<ChannelEngine[]>}
   * @throws {Error} what could not be loaded and what to do
   */
  async take(nChannels, model) {
    const nMissing = Math.max(nChannels - this.#engines.length, 0);
    const more = Array.from({ length: nMissing }, () => new ChannelEngine());
    this.#engines.push(...more);
    const taken = this.#engines.slice(0, nChannels);
    await Promise.all(taken.map((engine) => engine.load(model)));
    return taken;
  }

  /** After a failure: the next file gets new ones. */
  close() {
    for (const engine of this.#engines) engine.close();
    this.#engines = [];
  }
}
