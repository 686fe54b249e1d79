/** The page: one session at a time, and the panels around it. */

import { Every } from '../every.js';
import { ModelChoice } from '../model-choice.js';
import { Settings } from '../settings.js';
import { Compare } from './compare.js';
import { Devices } from './devices.js';
import { EngineStatus } from './engine-status.js';
import { Flow } from './flow.js';
import { Levels, LEVELS_EVERY_MS } from './levels.js';
import { openUnlessUnplugged, UNPLUGGED } from './microphone.js';
import { Recording } from './recording.js';
import { Session } from './session.js';
import { Start } from './start.js';
import { VoiceLight } from './voice-light.js';
import { Waterfall } from './waterfall.js';

const STATUS_EVERY_MS = 250;

/** @type {Session | undefined} */
let session;
let playsExample = false;

const start = new Start(() => (session ? stop() : begin(false)), () => begin(true));
const compare = new Compare(applyControls);
const settings = new Settings(applyControls);
const modelChoice = new ModelChoice(changeModel);
const devices = new Devices(changeMicrophone, changeSpeaker);
const waterfall = new Waterfall();
const levels = new Levels();
const recording = new Recording();
const engineStatus = new EngineStatus();
const voiceLight = new VoiceLight();

function controls() {
  const { strength, attenuationLimitDb } = settings;
  return { bypass: compare.bypass, strength, attenuationLimitDb };
}

/** @param {boolean} example */
async function begin(example) {
  start.showStarting(example);
  /** @param {() => void} onunplugged */
  const open = (onunplugged) =>
    Session.open({
      example,
      microphoneId: devices.microphoneId,
      recording: recording.wanted,
      model: modelChoice.model,
      controls: controls(),
      onStage: (stage) => start.showStage(stage),
      onunplugged,
    });
  /** @type {Session} */
  let opened;
  try {
    opened = await openUnlessUnplugged(open, stopUnplugged);
  } catch (error) {
    start.showIdle();
    start.showProblem(/** @type {Error} */ (error).message);
    return;
  }
  session = opened;
  await changeSpeaker();
  if (session !== opened) return; // unplugged meanwhile
  devices.refresh();
  followHealth(opened);
  recording.attach(opened);
  playsExample = example;
  if (example) compare.listening = true; // there is no microphone to howl
  applyControls();
  try {
    await opened.run();
  } catch (error) {
    if (session === opened) await stopFor(/** @type {Error} */ (error).message);
    return;
  }
  if (session !== opened) return;
  waterfall.clear();
  start.showRunning(example);
  watch(opened);
}

async function stop() {
  const ended = session;
  session = undefined;
  recording.detach();
  levels.clear();
  engineStatus.clear();
  voiceLight.clear();
  if (playsExample) compare.listening = false;
  start.showIdle();
  await ended?.close();
}

/** @param {string} problem */
async function stopFor(problem) {
  await stop();
  start.showProblem(problem);
}

async function stopUnplugged() {
  await stopFor(UNPLUGGED);
}

function applyControls() {
  if (!session) return;
  Object.assign(session.denoiser, controls());
  session.listening = compare.listening;
}

async function changeMicrophone() {
  const changed = session;
  if (!changed || playsExample) return;
  try {
    await changed.useMicrophone(devices.microphoneId);
  } catch (error) {
    showProblemOf(changed, error);
  }
}

async function changeSpeaker() {
  const changed = session;
  if (!changed) return;
  try {
    await devices.applySpeaker(changed.context);
  } catch (error) {
    showProblemOf(changed, error);
  }
}

async function changeModel() {
  const changed = session;
  if (!changed) return;
  const { denoiser } = changed;
  try {
    await denoiser.useModel(modelChoice.model);
    start.clearProblem();
  } catch (error) {
    modelChoice.model = denoiser.model;
    showProblemOf(changed, error);
  }
}

/**
 * What a session could not do, unless the visitor has stopped it meanwhile.
 *
 * @param {Session} changed
 * @param {unknown} error
 */
function showProblemOf(changed, error) {
  if (session === changed) start.showProblem(/** @type {Error} */ (error).message);
}

/** @param {Session} followed */
function followHealth(followed) {
  const { denoiser } = followed;
  /** @param {() => void} show */
  const ifRunning = (show) => {
    if (session === followed) show();
  };
  denoiser.addEventListener('degraded', ({ detail }) =>
    ifRunning(() => start.showDegraded(detail.reason)),
  );
  denoiser.addEventListener('recovered', () => ifRunning(() => start.showRecovered()));
  denoiser.addEventListener('error', ({ message }) => start.showProblem(
    `Denoising has stopped: ${message}. The original sound goes on; stop and start to try again.`,
  ));
}

/** @param {Session} watched */
function watch(watched) {
  const { before, after, context, denoiser } = watched;
  const flow = new Flow();
  const forLevels = new Every(LEVELS_EVERY_MS);
  const forStatus = new Every(STATUS_EVERY_MS);
  requestAnimationFrame(function frame(nowMs) {
    if (session !== watched) return;
    flow.update(before);
    if (flow.isFresh) waterfall.update([before, after]);
    else if (!flow.isFlowing) waterfall.hold(context);
    start.showFlow(flow.isFlowing);
    if (forLevels.isDue(nowMs)) {
      levels.update(before, after);
      voiceLight.update(denoiser.stats, context);
    }
    if (forStatus.isDue(nowMs)) {
      watched.keepInStep();
      engineStatus.update(denoiser.stats);
    }
    requestAnimationFrame(frame);
  });
}
