/** The page: one call at a time, what is sent and what the far end hears. */

import { Every } from '../every.js';
import { field } from '../field.js';
import { Compare } from '../live/compare.js';
import { Levels, LEVELS_EVERY_MS } from '../live/levels.js';
import { openUnlessUnplugged, UNPLUGGED } from '../live/microphone.js';
import { Start } from '../live/start.js';
import { Settings } from '../settings.js';
import { CallStats } from './call-stats.js';
import { CallSession } from './session.js';

const STATS_EVERY_MS = 1000;

/** @type {CallSession | undefined} */
let session;

const start = new Start(() => (session ? stop() : begin(false)), () => begin(true), {
  microphone: 'Connected. Speak: the meters show what you say and what arrives.',
  example: 'Connected. The example is sent; Listen plays what arrives.',
});
const compare = new Compare(applyControls);
const settings = new Settings(applyControls);
const levels = new Levels();
const callStats = new CallStats();
const latency = field('latency');

function controls() {
  const { strength, attenuationLimitDb } = settings;
  return { bypass: compare.bypass, strength, attenuationLimitDb };
}

/** @param {boolean} example */
async function begin(example) {
  start.showStarting(example);
  /** @param {() => void} onunplugged */
  const open = (onunplugged) =>
    CallSession.open({
      example,
      controls: controls(),
      onStage: (stage) => start.showStage(stage),
      onunplugged,
    });
  try {
    session = await openUnlessUnplugged(open, stopUnplugged);
  } catch (error) {
    start.showIdle();
    start.showProblem(/** @type {Error} */ (error).message);
    return;
  }
  session.denoiser.addEventListener('degraded', ({ detail }) => start.showDegraded(detail.reason));
  session.denoiser.addEventListener('recovered', () => start.showRecovered());
  session.denoiser.addEventListener('error', ({ message }) =>
    start.showProblem(`Denoising has stopped: ${message}. The call goes on with the original sound.`),
  );
  applyControls();
  start.showRunning(example);
  watch(session);
}

async function stop() {
  const ended = session;
  session = undefined;
  levels.clear();
  callStats.clear();
  latency.show('–');
  start.showIdle();
  await ended?.close();
}

async function stopUnplugged() {
  await stop();
  start.showProblem(UNPLUGGED);
}

function applyControls() {
  if (!session) return;
  Object.assign(session.denoiser, controls());
  session.listening = compare.listening;
}

/** @param {CallSession} watched */
function watch(watched) {
  const forLevels = new Every(LEVELS_EVERY_MS);
  const forStats = new Every(STATS_EVERY_MS);
  requestAnimationFrame(function frame(nowMs) {
    if (session !== watched) return;
    if (forLevels.isDue(nowMs)) levels.update(watched.before, watched.after);
    if (forStats.isDue(nowMs)) {
      latency.show(`${watched.denoiser.stats.latencyMs.toFixed(0)} ms`);
      watched.call.getStats().then((report) => session === watched && callStats.update(report));
    }
    requestAnimationFrame(frame);
  });
}
