/**
 * For LiveKit:
 *
 *     await microphoneTrack.setProcessor(new PercepNetProcessor());
 */

import { Denoiser } from '../percepnet.js';

/** A `TrackProcessor` for local audio tracks. */
export class PercepNetProcessor {
  name = 'percepnet';

  /** What LiveKit sends. @type {MediaStreamTrack | undefined} */
  processedTrack;

  /** To set its strength, to hear its events; after `init`. @type {Denoiser | undefined} */
  denoiser;

  #options;

  /**
   * LiveKit's audio context may run at any rate; the denoiser has its own.
   *
   * @param {Omit<import('../percepnet.js').DenoiserOptions, 'audioContext'>} [options]
   */
  constructor(options = {}) {
    this.#options = options;
  }

  /** @param {{ track: MediaStreamTrack }} options */
  async init({ track }) {
    this.denoiser = await Denoiser.create(this.#options);
    this.processedTrack = await this.denoiser.processTrack(track);
  }

  /**
   * Another microphone: the engine goes on.
   *
   * @param {{ track: MediaStreamTrack }} options
   */
  async restart({ track }) {
    this.processedTrack = await this.denoiser?.processTrack(track);
  }

  async destroy() {
    await this.denoiser?.close();
    this.denoiser = this.processedTrack = undefined;
  }
}
