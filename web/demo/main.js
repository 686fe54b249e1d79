/** The page: one session at a time, and the panels around it. */

import { Compare } from './compare.js';
import { EngineStatus } from './engine-status.js';
import { Levels } from './levels.js';
import { Recording } from './recording.js';
import { Session } from './session.js';
import { Start } from './start.js';

const STATUS_EVERY_MS = 250;

/** @type {Session | undefined} */
let session;

const start = new Start(() => (session ? stop() : begin()));
const compare = new Compare(applyControls);
const levels = new Levels();
const recording = new Recording();
const engineStatus = new EngineStatus();

async function begin() {
  start.showStarting();
  try {
    session = await Session.open({
      recording: recording.wanted,
      bypass: compare.bypass,
      onStage: (stage) => start.showStage(stage),
    });
  } catch (error) {
    start.showIdle();
    start.showProblem(/** @type {Error} */ (error).message);
    return;
  }
  session.denoiser.addEventListener('error', showEngineFailure);
  session.onunplugged = async () => {
    await stop();
    start.showProblem('The microphone is gone. Plug one in and press Start again.');
  };
  recording.attach(session.tap);
  applyControls();
  await session.run();
  start.showRunning();
  watch(session);
}

async function stop() {
  const ended = session;
  session = undefined;
  recording.detach();
  levels.clear();
  engineStatus.clear();
  start.showIdle();
  await ended?.close();
}

function applyControls() {
  if (!session) return;
  session.denoiser.bypass = compare.bypass;
  session.listening = compare.listening;
}

/** @param {Event} event */
function showEngineFailure(event) {
  const { message } = /** @type {ErrorEvent} */ (event);
  start.showProblem(
    `Denoising has stopped: ${message}. The original sound goes on; stop and start to try again.`,
  );
}

/** @param {Session} watched */
function watch(watched) {
  let statusDueMs = 0;
  requestAnimationFrame(function frame(nowMs) {
    if (session !== watched) return;
    levels.update(watched.before, watched.after);
    if (nowMs >= statusDueMs) {
      engineStatus.update(watched.denoiser.stats);
      statusDueMs = nowMs + STATUS_EVERY_MS;
    }
    requestAnimationFrame(frame);
  });
}
