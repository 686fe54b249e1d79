"""Make the pages' examples: demo/live/example.mp3, two synthetic voices in a synthetic office, and
demo/lab/sounds/, a voice and noises apart.

The voices are espeak-ng's, the noises are computed here: nothing of it was recorded. Run it again
only to change the examples; building the pages does not need it.

    python web/build/example.py        (espeak-ng on the path; numpy, scipy, soundfile)
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, resample_poly, sosfilt

SAMPLE_RATE = 48_000
DEMO = Path(__file__).parents[1] / "demo"
SPEECH_DB, FAN_DB, BABBLE_DB, KEYS_DB = -25, -37, -40, -36
NOISE_DB = -30

# Who says what, and what waits before it, in seconds
LINES = [
    (0.9, "en-us+f4", "Hello! You are listening to a noisy office. There is a fan, people talk."),
    (0.7, "en-gb+m3", "And somebody is typing, all the time. Press B, and hear it come and go."),
    (0.9, "en-us+f4", "Nothing of this was recorded. It was made by a computer."),
]
LAB_LINE = ("en-us+f4", "Hello! I am a computer's voice. Now you may take me apart.")
LAB_NOISE_S = 5
BABBLERS = ["en-us+m1", "en-gb+f2", "en-us+f5", "en-gb+m7", "en-us+m5", "en-gb+f1"]
BABBLE = (
    "The meeting was moved to Thursday because the other room is too small for all of us. "
    "Could you send me the figures again, I think that the second column has not been updated. "
    "We went down to the river after lunch and looked at the boats for a while."
)


def main():
    rng = np.random.default_rng(7)
    write(DEMO / "live/example.mp3", office_talk(rng))
    voice, text = LAB_LINE
    speech = np.concatenate([silence(0.2), say(voice, text, words_a_minute=170), silence(0.3)])
    write(DEMO / "lab/sounds/voice.mp3", at_level(speech, SPEECH_DB))
    n_samples = LAB_NOISE_S * SAMPLE_RATE
    for name, noise in (("fan", fan), ("people", babble), ("keyboard", keyboard), ("rain", rain)):
        write(DEMO / f"lab/sounds/{name}.mp3", at_level(noise(rng, n_samples), NOISE_DB))


def write(path, signal):
    soundfile.write(
        path, signal, SAMPLE_RATE, format="MP3", bitrate_mode="CONSTANT", compression_level=0.9
    )
    print(f"{path}: {len(signal) / SAMPLE_RATE:.1f} s, {path.stat().st_size / 1000:.0f} kB")


def office_talk(rng):
    speech = np.concatenate(
        [part for wait, voice, text in LINES for part in (silence(wait), say(voice, text))]
        + [silence(0.6)]
    )
    noises = [(fan(rng, len(speech)), FAN_DB), (babble(rng, len(speech)), BABBLE_DB)]
    noises.append((keyboard(rng, len(speech)), KEYS_DB))
    return at_level(speech, SPEECH_DB) + sum(at_level(noise, db) for noise, db in noises)


def at_level(signal, level_db):
    return signal * 10 ** (level_db / 20) / np.sqrt(np.mean(signal**2))


def silence(seconds):
    return np.zeros(int(seconds * SAMPLE_RATE))


def say(voice, text, words_a_minute=165):
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "-w", file.name, text],
            check=True,
        )
        samples, rate = soundfile.read(file.name)
    return resample_poly(samples, SAMPLE_RATE, rate)


def fan(rng, n_samples):
    """Air, and the blades' tone with its harmonics, turning a little unevenly."""
    air = filtered(rng.standard_normal(n_samples), 900, "lowpass")
    hiss = filtered(rng.standard_normal(n_samples), 2000, "highpass")
    time = np.arange(n_samples) / SAMPLE_RATE
    phase = 2 * np.pi * 118 * time + 1.5 * np.sin(2 * np.pi * 0.3 * time)
    blades = sum(np.sin(k * phase) / k for k in (1, 2, 3, 5))
    return unit(air) + 0.25 * unit(hiss) + 0.5 * unit(blades)


def babble(rng, n_samples):
    """Six people at once, each starting somewhere else, through a wall."""
    people = np.zeros(n_samples)
    for voice in BABBLERS:
        line = say(voice, BABBLE, words_a_minute=rng.integers(140, 190))
        people += np.resize(np.roll(line, rng.integers(len(line))), n_samples)
    return filtered(people, 3500, "lowpass")


def keyboard(rng, n_samples):
    """Key strokes at a typist's uneven pace: a click down, a softer one up."""
    strokes = np.zeros(n_samples)
    time = 0.4
    while time < n_samples / SAMPLE_RATE - 0.4:
        for delay, loudness in ((0, 1), (rng.uniform(0.06, 0.1), 0.4)):
            start = int((time + delay) * SAMPLE_RATE)
            strokes[start : start + 1440] += loudness * rng.uniform(0.5, 1) * click(rng)
        time += rng.choice([0.12, 0.17, 0.24, 0.9], p=[0.35, 0.35, 0.2, 0.1])
    return strokes


def rain(rng, n_samples):
    """Drops on leaves, hundreds a second, over a hiss."""
    drops = np.zeros(n_samples)
    for start in rng.integers(n_samples - 480, size=300 * n_samples // SAMPLE_RATE):
        drop = np.sin(np.arange(480) * rng.uniform(0.15, 0.9)) * np.exp(-np.arange(480) / 60)
        drops[start : start + 480] += rng.exponential() * drop
    return unit(drops) + 0.7 * unit(filtered(rng.standard_normal(n_samples), 1500, "highpass"))


def click(rng):
    burst = filtered(rng.standard_normal(1440), rng.uniform(1800, 3500), "highpass")
    return unit(burst) * np.exp(-np.arange(1440) / rng.uniform(80, 240))


def filtered(signal, edge_hz, kind):
    return sosfilt(butter(2, edge_hz, kind, fs=SAMPLE_RATE, output="sos"), signal)


def unit(signal):
    return signal / np.sqrt(np.mean(signal**2))


if __name__ == "__main__":
    main()
