/** The microphone, as it is: the browser's own processing would be heard instead of ours. */

/**
 * @typedef {object} Source where the sound comes from
 * @property {AudioNode} node
 * @property {() => void} close
 */

const AS_IT_IS = {
  channelCount: 1,
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/** What went wrong, by the name of getUserMedia's error. */
const PROBLEMS = new Map([
  [
    'NotAllowedError',
    "The microphone is blocked. Allow it in the browser's address bar and press Start again.",
  ],
  ['NotFoundError', 'There is no microphone. Plug one in and press Start again, or hear the example.'],
  ['OverconstrainedError', 'The chosen microphone is gone. Choose another one under Devices.'],
  [
    'NotReadableError',
    'The microphone cannot be opened. Close other programs that use it and press Start again.',
  ],
]);

export const UNPLUGGED = 'The microphone is gone. Plug one in and press Start again.';

/**
 * Open a session in which a microphone may disappear before all is open.
 *
 * @template {{ close(): Promise<void> }} Opened
 * @param {(onunplugged: () => void) => Promise<Opened>} open
 * @param {() => void} onunplugged the microphone has disappeared from the open session
 * @returns {Promise<Opened>}
 * @throws {Error} in words for the visitor
 */
export async function openUnlessUnplugged(open, onunplugged) {
  let pulled = () => {};
  const whenPulled = new Promise((_, reject) => (pulled = () => reject(new Error(UNPLUGGED))));
  const opening = open(() => pulled());
  try {
    const opened = await Promise.race([opening, whenPulled]);
    pulled = onunplugged;
    return opened;
  } catch (error) {
    opening.then((late) => late.close(), () => {});
    throw error;
  }
}

/**
 * @param {AudioContext} context
 * @param {string} deviceId empty for the system's choice
 * @param {() => void} onunplugged
 * @returns {Promise<Source>}
 * @throws {Error} in words for the visitor
 */
export async function openMicrophone(context, deviceId, onunplugged) {
  if (!navigator.mediaDevices) {
    throw new Error('This page is not secure, so it gets no microphone. Open it over https.');
  }
  const audio = deviceId ? { ...AS_IT_IS, deviceId: { exact: deviceId } } : AS_IT_IS;
  /** @type {MediaStreamTrack[]} */
  let tracks = [];
  const close = () => tracks.forEach((track) => track.stop());
  try {
    const mediaStream = await navigator.mediaDevices.getUserMedia({ audio });
    tracks = mediaStream.getTracks();
    for (const track of tracks) track.onended = onunplugged;
    return { node: new MediaStreamAudioSourceNode(context, { mediaStream }), close };
  } catch (cause) {
    close();
    const { name, message } = /** @type {DOMException} */ (cause);
    throw new Error(PROBLEMS.get(name) ?? `The microphone cannot be opened: ${message}`, { cause });
  }
}
