/** The example, over and over, in place of a microphone. */

import { fetchFile } from '../../fetch-file.js';

/**
 * @param {AudioContext} context
 * @returns {Promise<import('./microphone.js').Source>}
 * @throws {Error} in words for the visitor
 */
export async function openExample(context) {
  const response = await fetchFile(new URL('./example.mp3', import.meta.url));
  const buffer = await context.decodeAudioData(await response.arrayBuffer());
  const node = new AudioBufferSourceNode(context, { buffer, loop: true });
  node.start();
  return { node, close: () => node.stop() };
}
