/** Panel "Devices": which microphone, which loudspeaker. */

/** @typedef {AudioContext & { setSinkId?: (id: string) => Promise<void> }} Context */

export class Devices {
  #microphone = chooser('microphone');
  #speaker = chooser('speaker');

  /**
   * @param {() => void} onmicrophone
   * @param {() => void} onspeaker
   */
  constructor(onmicrophone, onspeaker) {
    this.#microphone.addEventListener('change', onmicrophone);
    this.#speaker.addEventListener('change', onspeaker);
    const canChoose = 'setSinkId' in AudioContext.prototype;
    /** @type {HTMLElement} */ (this.#speaker.closest('label')).hidden = !canChoose;
    navigator.mediaDevices?.addEventListener('devicechange', () => this.refresh());
    this.refresh();
  }

  /** Empty for the system's choice. */
  get microphoneId() {
    return this.#microphone.value;
  }

  /** Browsers name the devices once the microphone is allowed: call it then. */
  async refresh() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    offer(this.#microphone, devices.filter(({ kind }) => kind === 'audioinput'));
    offer(this.#speaker, devices.filter(({ kind }) => kind === 'audiooutput'));
  }

  /**
   * Play through the chosen loudspeaker.
   *
   * @param {Context} context
   * @throws {Error} in words for the visitor
   */
  async applySpeaker(context) {
    try {
      await context.setSinkId?.(this.#speaker.value);
    } catch (cause) {
      this.#speaker.value = '';
      const { message } = /** @type {Error} */ (cause);
      throw new Error(`This loudspeaker cannot be used (${message}). Choose another one.`, { cause });
    }
  }
}

/** @param {string} id */
function chooser(id) {
  return /** @type {HTMLSelectElement} */ (document.getElementById(id));
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 */
function offer(select, devices) {
  const chosen = select.value;
  const named = devices.filter(({ deviceId, label }) => label && deviceId && deviceId !== 'default');
  select.replaceChildren(
    new Option('System default', ''),
    ...named.map(({ deviceId, label }) => new Option(label, deviceId)),
  );
  select.value = named.some(({ deviceId }) => deviceId === chosen) ? chosen : '';
  select.disabled = named.length === 0;
}
