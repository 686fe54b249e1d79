/** From a file to samples, with whatever the browser can decode. */

import { SAMPLE_RATE } from '../protocol.js';

const LARGE_BYTES = 300e6;

/**
 * @param {File} file
 * @returns {Promise<AudioBuffer>} resampled to 48 kHz
 * @throws {Error} in words for the visitor
 */
export async function decode(file) {
  if (file.size === 0) throw new Error('This file is empty.');
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch (cause) {
    throw new Error('This file cannot be read: it has been moved or is too large.', { cause });
  }
  try {
    return await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(bytes);
  } catch (cause) {
    const orTooLong = file.size > LARGE_BYTES ? ', or too much of it for its memory' : '';
    throw new Error(
      `This browser finds no sound in this file that it can read${orTooLong}. ` +
        'Try a WAV, FLAC, MP3, M4A, OGG, MP4 or WebM file.',
      { cause },
    );
  }
}
