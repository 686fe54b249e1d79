/** What both example pages have: start, stop, what would be sent, what went wrong. */

/**
 * @typedef {object} Call
 * @property {MediaStreamTrack} sent
 * @property {() => Promise<void>} end
 */

const [startButton, stopButton] = document.querySelectorAll('button');
const status = /** @type {HTMLElement} */ (document.getElementById('status'));
const audio = /** @type {HTMLAudioElement} */ (document.getElementById('sent'));

/** @param {() => Promise<Call>} begin */
export function offer(begin) {
  /** @type {Call | undefined} */
  let call;

  startButton.onclick = async () => {
    startButton.disabled = true;
    status.textContent = 'Starting …';
    try {
      call = await begin();
      audio.srcObject = new MediaStream([call.sent]);
      await audio.play();
      status.textContent = 'Denoising.';
      stopButton.disabled = false;
    } catch (error) {
      status.textContent = /** @type {Error} */ (error).message;
      startButton.disabled = false;
    }
  };

  stopButton.onclick = async () => {
    stopButton.disabled = true;
    audio.srcObject = null;
    await call?.end();
    status.textContent = 'Stopped.';
    startButton.disabled = false;
  };
}
