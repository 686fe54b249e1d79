/**
 * Speech denoising as a Web Audio node.
 *
 *     const denoiser = await Denoiser.create({ audioContext });
 *     source.connect(denoiser.node).connect(audioContext.destination);
 */

import { setAttenuationLimitDb, setBypass, setStrength } from './controls.js';
import { EngineThread } from './engine-thread.js';
import { DenoiserEventTarget } from './events.js';
import { TrackThroughNode } from './media-track.js';
import { bundledModels, fetchModel } from './models.js';
import { createEnd, openNode } from './pipelines.js';
import { choosePipeline, requireChannelCount, requireSecurePage } from './platform.js';
import { CLOSE, CONTEXT_OPTIONS, Control, Report } from './protocol.js';
import { readStats } from './stats.js';
import { Supervisor } from './supervisor.js';

export { bundledModels };

const OBSERVE_EVERY_MS = 100;
const STATS_EVERY_MS = 1000;
const VOICE_STEP = 0.01; // less of a change is not told

/** @typedef {import('./pipelines.js').MainEnd} MainEnd */
/** @typedef {(stage: import('./protocol.js').StartStage) => void} StageListener */

/**
 * @typedef {object} DenoiserOptions
 * @property {AudioContext | OfflineAudioContext} [audioContext] of any rate, 48 kHz costs least; by default an own one,
 *   closed by `close`
 * @property {string | URL} [model] name of a bundled model, by default "default", or a URL object,
 *   the address of another
 * @property {'auto' | import('./protocol.js').Pipeline} [pipeline] the engine in a worker, reached
 *   by shared memory or by messages, or in the audio thread: "inline", the least delay, but nothing
 *   is heard while it loads and no other engine replaces one that fails. By default shared memory
 *   where the page is cross-origin isolated, else messages; inline in an OfflineAudioContext
 * @property {number} [strength] 0 (leave the noise) to 1 (default)
 * @property {number} [attenuationLimitDb] never take more than this off: 0 to Infinity (default)
 * @property {number} [channelCount] 1 (default) mixes the input down to one channel, more keep every
 *   channel and where voices are in it: the network hears their mean, and all get the same gains
 * @property {boolean} [bypass] start with the untouched, equally delayed input: default false
 * @property {StageListener} [onStage] told of each step of the start
 */

/** @typedef {import('./stats.js').DenoiserStats} DenoiserStats */
/** @typedef {import('./models.js').BundledModel} BundledModel */
/** @typedef {import('./protocol.js').ModelFile} ModelFile */

/**
 * Whatever happens to the engine, the sound goes on: unprocessed, as late as ever, cross-faded.
 *
 * Its events are those of `DenoiserEvents`.
 */
export class Denoiser extends DenoiserEventTarget {
  #context;
  #ownContext;
  #end;
  #modelFile;
  #facts;
  #engine;
  #whenStarted = Promise.resolve();
  #whenModelChanged = Promise.resolve();
  #supervisor;
  #timers;
  #toldVoice = NaN;
  #isClosed = false;
  /** @type {TrackThroughNode | undefined} */
  #tracks;

  /** Connect the source to it, and it to the destination. @type {AudioWorkletNode} */
  node;

  /**
   * Load the engine; takes seconds the first time.
   *
   * @param {DenoiserOptions} options
   * @returns {Promise<Denoiser>}
   * @throws {Error} what is missing and what to do
   */
  static async create({
    audioContext,
    model = 'default',
    pipeline = 'auto',
    strength = 1,
    attenuationLimitDb = Infinity,
    channelCount = 1,
    bypass = false,
    onStage = () => {},
  } = {}) {
    requireSecurePage();
    requireChannelCount(channelCount);
    const ownContext = audioContext ? undefined : new AudioContext(CONTEXT_OPTIONS);
    const context = audioContext ?? /** @type {AudioContext} */ (ownContext);
    try {
      const end = createEnd(choosePipeline(pipeline, context), context, channelCount);
      setStrength(end.slots.controls, strength);
      setAttenuationLimitDb(end.slots.controls, attenuationLimitDb);
      setBypass(end.slots.controls, bypass);
      const whenModel = fetchModel(model);
      const [modelFile, opened] = await Promise.all([
        whenModel,
        openNode(context, end, whenModel, onStage),
      ]);
      return new Denoiser(context, ownContext, end, modelFile, opened);
    } catch (error) {
      await ownContext?.close();
      throw error;
    }
  }

  /**
   * Use `Denoiser.create`.
   *
   * @param {AudioContext | OfflineAudioContext} context
   * @param {AudioContext | undefined} ownContext the same, if it is to be closed, too
   * @param {MainEnd} end
   * @param {ModelFile} modelFile
   * @param {import('./pipelines.js').Opened} opened
   */
  constructor(context, ownContext, end, modelFile, { node, engine, facts }) {
    super();
    this.#context = context;
    this.#ownContext = ownContext;
    this.#end = end;
    this.#modelFile = modelFile;
    this.#facts = facts;
    this.node = node;
    this.node.onprocessorerror = () => this.#fail(new Error('the audio processor has stopped'));
    this.#supervisor = new Supervisor(end.slots, context.sampleRate, {
      restart:
        end.lines.pipeline === 'inline'
          ? undefined
          : (delayMs) => (this.#whenStarted = this.#restart(delayMs)),
      stepDown: () => this.#stepDown(),
      degraded: (reason, message) => this.#tell('degraded', { reason, message }),
      recovered: () => this.#tell('recovered'),
      giveUp: (error) => this.#fail(error),
    });
    this.#engine = engine;
    this.#connectEngine();
    this.#timers = [
      setInterval(() => this.#observe(), OBSERVE_EVERY_MS),
      setInterval(() => this.#tell('stats', this.stats), STATS_EVERY_MS),
    ];
  }

  get bypass() {
    return this.#end.slots.controls[Control.BYPASS] === 1;
  }

  /** The untouched input, as late as the enhanced signal; cross-faded. */
  set bypass(bypass) {
    setBypass(this.#end.slots.controls, bypass);
    this.#end.sendControls();
  }

  get strength() {
    return this.#end.slots.controls[Control.STRENGTH];
  }

  /** How much of the noise is taken away: 0 (none) to 1 (all that is found). */
  set strength(strength) {
    setStrength(this.#end.slots.controls, strength);
    this.#end.sendControls();
  }

  get attenuationLimitDb() {
    return this.#end.slots.controls[Control.ATTENUATION_LIMIT_DB];
  }

  /** Never take more than this off any band, so that some of the room stays: 0 to Infinity dB. */
  set attenuationLimitDb(limitDb) {
    setAttenuationLimitDb(this.#end.slots.controls, limitDb);
    this.#end.sendControls();
  }

  /** Name or address of the model in use. */
  get model() {
    return this.#modelFile.name;
  }

  /**
   * Change the model; the sound goes on: with the old one while the new one is fetched, unprocessed
   * while that is read, about a tenth of a second, once for each model. Called again before it is
   * done, the changes queue up.
   *
   * @param {string | URL} model name of a bundled model, or a URL object, the address of another
   * @returns {Promise<void>} when it is in use
   * @throws {Error} that it cannot be loaded or what is wrong with it; the old one goes on
   */
  async useModel(model) {
    const modelFile = await fetchModel(model);
    const change = this.#whenModelChanged.then(() => this.#changeModel(modelFile));
    this.#whenModelChanged = change.catch(() => {});
    return change;
  }

  /** @returns {DenoiserStats} */
  get stats() {
    return readStats(this.#end.slots, this.#facts, this.model, this.#end.lines);
  }

  /**
   * For WebRTC: a clean track to add or to replace another with. Called again, it takes the new
   * track in place of the old one and gives the same clean one. Ended by `close`.
   *
   * @param {MediaStreamTrack} track audio; stays yours to stop
   * @returns {Promise<MediaStreamTrack>}
   */
  async processTrack(track) {
    if (this.#context instanceof OfflineAudioContext) {
      throw new Error('a track is live: create the denoiser with an AudioContext');
    }
    this.#tracks ??= new TrackThroughNode(this.#context, this.node);
    this.#tracks.feed(track);
    await this.#context.resume();
    return this.#tracks.track;
  }

  /** Stop and free everything. The node is silent from here on. */
  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timers.forEach(clearInterval);
    this.#end.retireEngine();
    this.#engine.end();
    this.node.port.postMessage(CLOSE);
    this.#tracks?.end();
    this.node.disconnect();
    // The browser may keep the node; with it go neither the denoiser nor the model.
    this.node.onprocessorerror = null;
    this.#modelFile = { name: this.model, bytes: new Uint8Array() };
    await this.#ownContext?.close();
  }

  #connectEngine() {
    this.#engine.onfailure = (error) => this.#supervisor.engineFailed(error);
    this.#end.connect(this.node.port);
  }

  /** @param {ModelFile} modelFile */
  async #changeModel(modelFile) {
    await this.#whenStarted;
    if (this.#isClosed) throw new Error('the denoiser is closed: create another');
    await this.#engine.useModel(this.#end, modelFile);
    this.#modelFile = modelFile;
  }

  async #stepDown() {
    try {
      const [smallest] = await bundledModels();
      if (smallest.bytes >= this.#modelFile.bytes.length) return;
      const message = `too slow for the model "${this.model}": going on with "${smallest.name}"`;
      this.#tell('degraded', { reason: 'slow', message });
      await this.useModel(smallest.name);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.#tell('degraded', { reason: 'slow', message: `no smaller model: ${message}` });
    }
  }

  /** @param {number} delayMs */
  async #restart(delayMs) {
    this.#end.retireEngine();
    this.#engine.end();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (this.#isClosed) return;
    this.#engine = new EngineThread();
    const whenModel = Promise.resolve(this.#modelFile);
    this.#facts = await this.#engine.start(this.#end, whenModel, () => {});
    if (!this.#isClosed) this.#connectEngine();
  }

  #observe() {
    this.#supervisor.observe();
    const probability = this.#end.slots.report[Report.VOICE_PROBABILITY];
    if (Math.abs(probability - this.#toldVoice) < VOICE_STEP) return;
    this.#toldVoice = probability;
    this.#tell('voice', probability);
  }

  /**
   * @param {keyof import('./events.js').DenoiserEvents} type
   * @param {unknown} [detail]
   */
  #tell(type, detail) {
    if (!this.#isClosed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.#isClosed) return;
    this.dispatchEvent(new ErrorEvent('error', { error, message: error.message }));
  }
}
