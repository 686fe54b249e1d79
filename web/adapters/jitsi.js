/**
 * For Jitsi:
 *
 *     await localAudioTrack.setEffect(await PercepNetEffect.create());
 */

import { TrackThroughNode } from '../media-track.js';
import { Denoiser } from '../percepnet.js';
import { CONTEXT_OPTIONS } from '../protocol.js';

/** A stream effect for local audio tracks. */
export class PercepNetEffect {
  #context;
  /** @type {TrackThroughNode | undefined} */
  #tracks;

  /** To set its strength, to hear its events. @type {Denoiser} */
  denoiser;

  /** @param {Omit<import('../percepnet.js').DenoiserOptions, 'audioContext'>} [options] */
  static async create(options) {
    const audioContext = new AudioContext(CONTEXT_OPTIONS);
    try {
      return new PercepNetEffect(audioContext, await Denoiser.create({ ...options, audioContext }));
    } catch (error) {
      await audioContext.close();
      throw error;
    }
  }

  /**
   * Use `PercepNetEffect.create`.
   *
   * @param {AudioContext} context
   * @param {Denoiser} denoiser
   */
  constructor(context, denoiser) {
    this.#context = context;
    this.denoiser = denoiser;
  }

  /** @param {{ isAudioTrack(): boolean }} track a JitsiLocalTrack */
  isEnabled(track) {
    return track.isAudioTrack();
  }

  /**
   * @param {MediaStream} stream
   * @returns {MediaStream} denoised
   */
  startEffect(stream) {
    this.#tracks = new TrackThroughNode(this.#context, this.denoiser.node);
    this.#tracks.feed(stream.getAudioTracks()[0]);
    this.#context.resume();
    return new MediaStream([this.#tracks.track]);
  }

  stopEffect() {
    this.#tracks?.end();
    this.#tracks = undefined;
  }

  /** Stop and free everything. */
  async close() {
    this.stopEffect();
    await this.denoiser.close();
    await this.#context.close();
  }
}
