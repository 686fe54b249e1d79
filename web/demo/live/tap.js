/** Records two points of the graph in step. */

/** A pair of equally long pieces: what went in, what came out. @typedef {Float32Array[]} Pair */

const NO_PROCESSOR = "The page's recorder could not be made: load the page again.";

export class Tap {
  /** Called with each piece while recording. @type {(pair: Pair) => void} */
  onsamples = () => {};

  /**
   * @param {AudioContext} context
   * @param {boolean} recording from the very first sample
   */
  constructor(context, recording) {
    this.node = new AudioWorkletNode(context, 'tap', {
      numberOfInputs: 2,
      channelCount: 1,
      channelCountMode: 'explicit',
      outputChannelCount: [1],
      processorOptions: { recording },
    });
    /** With the first sample: nodes of one context need not begin together. @type {Promise<void>} */
    this.whenRunning = new Promise((resolve, reject) => {
      this.node.onprocessorerror = () => reject(new Error(NO_PROCESSOR));
      this.node.port.onmessage = ({ data }) => {
        if (data === 'running') resolve();
        else this.onsamples(data);
      };
    });
    this.whenRunning.catch(() => {}); // who waits is told; nobody does while the denoiser starts
  }

  /** @param {boolean} on */
  set recording(on) {
    this.node.port.postMessage(on ? 'record' : 'pause');
  }

  close() {
    this.node.port.postMessage('close');
  }
}

/**
 * @param {AudioContext} context
 * @param {boolean} recording from the very first sample
 */
export async function createTap(context, recording) {
  await context.audioWorklet.addModule(new URL('./tap-processor.js', import.meta.url));
  return new Tap(context, recording);
}
