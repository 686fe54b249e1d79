/** In the page: denoisers as an app has them, a source that all hear, a record of every sample. */

const RECORDER = `
registerProcessor('recorder', class extends AudioWorkletProcessor {
  process(inputs) {
    const channels = inputs.map(([channel]) => channel ?? new Float32Array(128));
    this.port.postMessage({ frame: currentFrame, channels });
    return true;
  }
});`;

const N_SILENT_QUANTA = 16;

/** All workers ever started. */
const workers = [];
window.Worker = class extends Worker {
  constructor(...options) {
    super(...options);
    workers.push(this);
  }
};

/** Noise and a tone that beats, always the same. */
function createSource(context) {
  const buffer = new AudioBuffer({ length: 48000, sampleRate: 48000 });
  let state = 1;
  buffer.getChannelData(0).forEach((_, i, samples) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const tone = Math.sin((2 * Math.PI * 200 * i) / 48000) * Math.sin((6 * Math.PI * i) / 48000);
    samples[i] = 0.1 * (state / 2 ** 31 - 1) + 0.2 * tone;
  });
  return new AudioBufferSourceNode(context, { buffer, loop: true });
}

async function openMicrophone(context) {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const mediaStream = await navigator.mediaDevices.getUserMedia({ audio });
  return new MediaStreamAudioSourceNode(context, { mediaStream });
}

/** Float32 samples as they are in memory. */
function base64(samples) {
  const bytes = new Uint8Array(samples.buffer);
  let binary = '';
  for (let i = 0; i < bytes.length; i += 32768) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(binary);
}

class Harness {
  events = [];

  static async open({ sampleRate = 48000, microphone = false, ...options } = {}) {
    const { Denoiser } = await import('/percepnet.js');
    const harness = new Harness();
    const context = new AudioContext({ sampleRate, latencyHint: 'balanced' });
    await context.suspend();
    harness.context = context;
    harness.denoiser = await Denoiser.create({ audioContext: context, ...options });
    for (const type of ['voice', 'stats', 'degraded', 'recovered', 'error']) {
      harness.denoiser.addEventListener(type, ({ detail, message }) =>
        harness.events.push({ type, detail, message, frame: harness.frame }),
      );
    }
    harness.source = microphone ? await openMicrophone(context) : createSource(context);
    await harness.#wire();
    await context.resume();
    // Two nodes need not begin together; the sound does when both have.
    while (harness.sides[0].length < N_SILENT_QUANTA) await new Promise((r) => setTimeout(r, 5));
    harness.source.connect(harness.gate);
    harness.source.start?.();
    return harness;
  }

  async #wire() {
    const { context, denoiser } = this;
    const module = new Blob([RECORDER], { type: 'text/javascript' });
    await context.audioWorklet.addModule(URL.createObjectURL(module));
    this.gate = new GainNode(context);
    this.gate.connect(denoiser.node);
    const inputsOnly = { numberOfInputs: 2, numberOfOutputs: 0 };
    this.recorder = new AudioWorkletNode(context, 'recorder', inputsOnly);
    this.sides = [[], []];
    this.recorder.port.onmessage = ({ data: { frame, channels } }) => {
      this.frame = frame;
      channels.forEach((channel, side) => this.sides[side].push(channel));
    };
    this.gate.connect(this.recorder, 0, 0);
    denoiser.node.connect(this.recorder, 0, 1);
    denoiser.node.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  }

  /** The two sides as base64 of float32. */
  recording() {
    return this.sides.map((quanta) => {
      const samples = new Float32Array(quanta.length * 128);
      quanta.forEach((quantum, i) => samples.set(quantum, i * 128));
      return base64(samples);
    });
  }

  async close() {
    await this.denoiser.close();
    await this.context.close();
  }
}

Object.assign(window, { base64, createSource, Harness, workers });
