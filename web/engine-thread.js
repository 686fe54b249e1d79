/** What runs the engine, seen from the main thread: from its start to its end. */

/** @typedef {import('./protocol.js').ModelFile} ModelFile */

export class EngineThread {
  #line;
  /** @type {((error?: Error) => void) | undefined} */
  #answerModel;

  /** Called if the engine stops by itself. @type {(error: Error) => void} */
  onfailure = () => {};

  /** @param {Worker | MessagePort} line to a worker, or to the node with the engine in it */
  constructor(line = startWorker()) {
    this.#line = line;
  }

  /**
   * @param {import('./percepnet.js').MainEnd} end
   * @param {Promise<ModelFile>} whenModel
   * @param {(stage: import('./protocol.js').StartStage) => void} onStage
   * @returns {Promise<import('./protocol.js').EngineFacts>}
   * @throws {Error} what could not be loaded and what to do
   */
  start(end, whenModel, onStage) {
    return new Promise((resolve, reject) => {
      /** @param {Error} error */
      const fail = (error) => {
        reject(error); // without effect once it was ready
        this.onfailure(error);
      };
      /** @param {MessageEvent<import('./protocol.js').EngineMessage>} event */
      this.#line.onmessage = ({ data }) => {
        if (data.type === 'stage') onStage(data.stage);
        else if (data.type === 'ready') resolve(data);
        else if (data.type === 'model-read' || data.type === 'model-in-use') this.#answerModel?.();
        else if (data.type === 'model-refused') this.#answerModel?.(new Error(data.message));
        else if (data.type === 'failed') fail(new Error(data.message, { cause: data.detail }));
      };
      // Without a message it is the script that could not be loaded.
      if (this.#line instanceof Worker) {
        this.#line.onerror = ({ message }) =>
          fail(
            new Error(
              'the engine could not be started: ' +
                (message || 'check that engine-worker.js and its imports are served with the page'),
            ),
          );
        end.startEngine(this.#line);
      }
      whenModel.then((model) => this.#line.postMessage({ model }), fail);
    });
  }

  /**
   * One at a time, and not before the start.
   *
   * @param {import('./percepnet.js').MainEnd} end
   * @param {ModelFile} model
   * @returns {Promise<void>} when the next hop will be enhanced with it
   * @throws {Error} what is wrong with it
   */
  async useModel(end, model) {
    // In two requests, as hops have to be enhanced in between.
    await this.#request(end, { model });
    await this.#request(end, { modelToUse: model.name });
  }

  /**
   * @param {import('./percepnet.js').MainEnd} end
   * @param {import('./protocol.js').EngineRequest} request
   * @returns {Promise<void>}
   */
  #request(end, request) {
    return new Promise((resolve, reject) => {
      this.#answerModel = (error) => (error ? reject(error) : resolve());
      this.#line.postMessage(request);
      end.announceMessage();
    });
  }

  end() {
    this.onfailure = () => {};
    this.#answerModel?.(new Error('the engine has ended before it had the model: try again'));
    if (this.#line instanceof Worker) this.#line.terminate();
  }
}

function startWorker() {
  const url = new URL('./engine-worker.js', import.meta.url);
  return new Worker(url, { type: 'module', name: 'percepnet' });
}
