/** The microphone, as it is: the browser's own processing would be heard instead of ours. */

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
  ['NotFoundError', 'There is no microphone. Plug one in and press Start again.'],
  [
    'NotReadableError',
    'The microphone cannot be opened. Close other programs that use it and press Start again.',
  ],
]);

/**
 * @returns {Promise<MediaStream>}
 * @throws {Error} in words for the visitor
 */
export async function openMicrophone() {
  if (!navigator.mediaDevices) {
    throw new Error('This page is not secure, so it gets no microphone. Open it over https.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
  } catch (cause) {
    const { name, message } = /** @type {DOMException} */ (cause);
    throw new Error(PROBLEMS.get(name) ?? `The microphone cannot be opened: ${message}`, { cause });
  }
}

/** @param {MediaStream} stream */
export function closeMicrophone(stream) {
  for (const track of stream.getTracks()) track.stop();
}
