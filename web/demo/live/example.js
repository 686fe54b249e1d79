/** The example, over and over, in place of a microphone. */

/**
 * @param {AudioContext} context
 * @returns {Promise<import('./microphone.js').Source>}
 * @throws {Error} in words for the visitor
 */
export async function openExample(context) {
  const response = await fetch(new URL('./example.mp3', import.meta.url));
  if (!response.ok) {
    throw new Error(`The example cannot be loaded (HTTP ${response.status}): ${response.url}`);
  }
  const buffer = await context.decodeAudioData(await response.arrayBuffer());
  const node = new AudioBufferSourceNode(context, { buffer, loop: true });
  node.start();
  return { node, close: () => node.stop() };
}
