/** Hands on what passes at two points of the graph, sample by sample at the same time. */

const BLOCK_LENGTH = 4800; // 0.1 s: few messages

class TapProcessor extends AudioWorkletProcessor {
  open = true;
  isRunning = false;
  blocks = emptyBlocks();
  nFilled = 0;

  /** @param {{ processorOptions: { recording: boolean } }} options */
  constructor({ processorOptions: { recording } }) {
    super();
    this.recording = recording;
    /** @param {MessageEvent<'record' | 'pause' | 'close'>} event */
    this.port.onmessage = ({ data }) => {
      this.#flush();
      this.recording = data === 'record';
      this.open = data !== 'close';
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    if (!this.isRunning) this.port.postMessage('running');
    this.isRunning = true;
    if (this.recording) this.#record(inputs, outputs[0][0].length);
    return this.open;
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {number} nSamples
   */
  #record(inputs, nSamples) {
    if (this.nFilled + nSamples > BLOCK_LENGTH) this.#flush();
    for (let side = 0; side < inputs.length; side++) {
      const channel = inputs[side][0]; // none while it is silent
      if (channel) this.blocks[side].set(channel, this.nFilled);
    }
    this.nFilled += nSamples;
  }

  #flush() {
    if (this.nFilled === 0) return;
    const filled = this.blocks.map((block) => block.subarray(0, this.nFilled));
    this.port.postMessage(filled, this.blocks.map((block) => block.buffer));
    this.blocks = emptyBlocks();
    this.nFilled = 0;
  }
}

function emptyBlocks() {
  return [new Float32Array(BLOCK_LENGTH), new Float32Array(BLOCK_LENGTH)];
}

registerProcessor('tap', TapProcessor);
