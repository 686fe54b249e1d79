/** One call from Start to Stop: a source, the denoiser, the call, and what its far end hears. */

import { Denoiser } from '../../percepnet.js';
import { CONTEXT_OPTIONS, SAMPLE_RATE } from '../../protocol.js';
import { openExample } from '../live/example.js';
import { openMicrophone } from '../live/microphone.js';
import { FFT_SIZE } from '../live/sound.js';
import { Call } from './call.js';

const ANALYSIS = { fftSize: FFT_SIZE, smoothingTimeConstant: 0 };

/**
 * @typedef {object} CallOptions
 * @property {boolean} example in place of the microphone
 * @property {import('../live/session.js').Controls} controls
 * @property {(stage: import('../../protocol.js').StartStage) => void} onStage
 * @property {() => void} onunplugged the microphone has disappeared
 */

export class CallSession {
  #context;
  #source;
  #speaker;

  // Chromium lets received sound into Web Audio only while an element plays it, too.
  #player = new Audio();

  /**
   * @param {AudioContext} context
   * @param {import('../live/microphone.js').Source} source
   * @param {Denoiser} denoiser
   * @param {Call} call
   */
  constructor(context, source, denoiser, call) {
    this.#context = context;
    this.#source = source;
    this.denoiser = denoiser;
    this.call = call;
    this.before = new AnalyserNode(context, ANALYSIS);
    this.after = new AnalyserNode(context, ANALYSIS);
    this.#speaker = new GainNode(context, { gain: 0 });
    source.node.connect(this.before);
    source.node.connect(denoiser.node);

    const mediaStream = call.received;
    this.#player.muted = true;
    this.#player.srcObject = mediaStream;
    this.#player.play();
    const received = new MediaStreamAudioSourceNode(context, { mediaStream });
    received.connect(this.after);
    received.connect(this.#speaker).connect(context.destination);
  }

  /**
   * @param {CallOptions} options
   * @returns {Promise<CallSession>} connected
   * @throws {Error} in words for the visitor
   */
  static async open({ example, controls, onStage, onunplugged }) {
    const context = new AudioContext(CONTEXT_OPTIONS);
    const denoiser = Denoiser.create({ audioContext: context, ...controls, onStage });
    const source = example ? openExample(context) : openMicrophone(context, '', onunplugged);
    try {
      const [input, filter] = await Promise.all([source, denoiser]);
      const clean = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
      filter.node.connect(clean);
      const call = await Call.connect(clean.stream.getAudioTracks()[0]);
      return new CallSession(context, input, filter, call);
    } catch (error) {
      source.then((late) => late.close(), () => {});
      denoiser.then((late) => late.close(), () => {});
      await context.close();
      throw error;
    }
  }

  /** @param {boolean} on */
  set listening(on) {
    const { gain } = this.#speaker;
    gain.setTargetAtTime(on ? 1 : 0, this.#context.currentTime, 0.02); // without a click
  }

  async close() {
    this.#source.close();
    this.call.close();
    this.#player.srcObject = null;
    await this.denoiser.close();
    await this.#context.close();
  }
}
