/** What a denoiser tells, typed: nothing else is an event of it. */

/**
 * @typedef {object} DenoiserEvents
 * @property {CustomEvent<number>} voice the probability that somebody speaks, when it has changed
 * @property {CustomEvent<import('./stats.js').DenoiserStats>} stats every second
 * @property {CustomEvent<Degradation>} degraded the input is heard, or sometimes
 * @property {CustomEvent<undefined>} recovered the enhanced signal is heard again
 * @property {ErrorEvent} error no new engine is started any more
 */

/**
 * @typedef {object} Degradation
 * @property {import('./supervisor.js').Reason} reason
 * @property {string} message
 */

/**
 * @typedef {<Type extends keyof DenoiserEvents>(
 *   type: Type, listener: (event: DenoiserEvents[Type]) => void, options?: AddEventListenerOptions,
 * ) => void} ListenerMethod
 */

/**
 * @typedef {Omit<EventTarget, 'addEventListener' | 'removeEventListener'> & {
 *   addEventListener: ListenerMethod, removeEventListener: ListenerMethod,
 * }} DenoiserEventTarget
 */

export const DenoiserEventTarget = /** @type {new () => DenoiserEventTarget} */ (EventTarget);
