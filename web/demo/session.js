/** One run from Start to Stop: microphone, denoiser, loudspeaker, and taps between them. */

import { Denoiser } from '../percepnet.js';
import { closeMicrophone, openMicrophone } from './microphone.js';
import { createTap } from './tap.js';

const SAMPLE_RATE = 48_000;

/**
 * @typedef {object} SessionOptions
 * @property {boolean} recording from the very first sample
 * @property {boolean} bypass from the very first sample
 * @property {(stage: import('../protocol.js').StartStage) => void} onStage
 */

export class Session {
  /** Called when the microphone disappears. */
  onunplugged = () => {};

  /**
   * @param {AudioContext} context suspended
   * @param {MediaStream} stream
   * @param {Denoiser} denoiser
   * @param {import('./tap.js').Tap} tap
   */
  constructor(context, stream, denoiser, tap) {
    this.context = context;
    this.stream = stream;
    this.denoiser = denoiser;
    this.tap = tap;
    this.before = new AnalyserNode(context);
    this.after = new AnalyserNode(context);
    this.monitor = new GainNode(context, { gain: 0 });

    const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    source.connect(this.before);
    source.connect(denoiser.node);
    source.connect(tap.node, 0, 0);
    denoiser.node.connect(this.after);
    denoiser.node.connect(tap.node, 0, 1);
    denoiser.node.connect(this.monitor).connect(context.destination);
    tap.node.connect(context.destination); // silent; connected nodes are certain to run

    for (const track of stream.getTracks()) track.onended = () => this.onunplugged();
  }

  /**
   * Resolves with everything wired and no sample processed yet: `run` lets the sound in.
   *
   * @param {SessionOptions} options
   * @returns {Promise<Session>}
   * @throws {Error} in words for the visitor
   */
  static async open({ recording, bypass, onStage }) {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
    await context.suspend();
    const denoiser = Denoiser.create({ audioContext: context, bypass, onStage });
    const stream = openMicrophone();
    try {
      const tap = createTap(context, recording);
      return new Session(context, ...(await Promise.all([stream, denoiser, tap])));
    } catch (error) {
      // One may be refused while the other is still on its way.
      stream.then(closeMicrophone, () => {});
      denoiser.then((late) => late.close(), () => {});
      await context.close();
      throw error;
    }
  }

  async run() {
    await this.context.resume();
  }

  /** @param {boolean} on */
  set listening(on) {
    const { gain } = this.monitor;
    gain.setTargetAtTime(on ? 1 : 0, this.context.currentTime, 0.02); // without a click
  }

  async close() {
    closeMicrophone(this.stream);
    this.tap.close();
    await this.denoiser.close();
    await this.context.close();
  }
}
