/** The node that the app connects, and the processor behind it in the audio thread. */

const PROCESSORS = {
  worker: new URL('./percepnet-processor.js', import.meta.url),
  inline: new URL('./inline-processor.js', import.meta.url),
};

/**
 * @param {BaseAudioContext} context
 * @param {keyof typeof PROCESSORS} place of the engine
 */
export async function addProcessor(context, place) {
  const url = PROCESSORS[place];
  try {
    await context.audioWorklet.addModule(url);
  } catch (cause) {
    throw new Error(`the audio thread could not load ${url}: check that it is served`, { cause });
  }
}

/**
 * @param {BaseAudioContext} context
 * @param {keyof typeof PROCESSORS} place
 * @param {{ lines: { format: import('./protocol.js').Format }, latency?: number }} processorOptions
 *   for the processor's constructor
 */
export function createNode(context, place, processorOptions) {
  const { channelCount } = processorOptions.lines.format;
  return new AudioWorkletNode(context, `percepnet-${place}`, {
    channelCount,
    channelCountMode: 'explicit',
    outputChannelCount: [channelCount],
    processorOptions,
  });
}
