"""Loudness and envelopes of the signal after overlap-add, through the windows of P.862 (32 ms) and STOI (25.6 ms)."""
import numpy as np, torch
import p862
from percepnet_training import perceptual_loss as P
from percepnet.dsp.stft import WINDOW
HOP = 480
_WIN = torch.from_numpy(WINDOW.astype(np.float32))


def synthesis(S):
    """[2, W, T, 401] -> samples [W, (T - 1) * HOP]: whole hops only."""
    full = torch.nn.functional.pad(torch.complex(S[0], S[1]), (0, 80))
    frames = torch.fft.irfft(full, 2 * HOP) * _WIN
    return (frames[:, 1:, :HOP] + frames[:, :-1, HOP:]).flatten(1)


class Scale:
    def __init__(self, n):
        self.n, self.window = n, torch.hann_window(n, periodic=True)
        hz = 48000 / n; self.top = int(round(8000 / hz)); f = hz * np.arange(self.top + 1)
        bark = 7 * np.arcsinh(f / 650)
        _, band = np.unique(np.floor(bark[1:] / P.BARK_STEP), return_inverse=True)
        B = np.zeros((band.max() + 1, self.top + 1)); B[band, np.arange(1, self.top + 1)] = 1
        edges = 7 * np.arcsinh((f[1:, None] + hz * np.array((-.5, .5))) / 650)
        widths = B[:, 1:] @ (edges[:, 1] - edges[:, 0]); khz = B @ f / B.sum(1) / 1000
        quiet = 3.64 * khz**-.8 - 6.5 * np.exp(-.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
        low, high = P.LEVEL_BAND_HZ
        level = (f >= low) & (f <= high)
        c = P.LOWEST_THIRD_HZ * 2 ** (np.arange(P.N_THIRDS)[:, None] / 3)
        thirds = (f >= c * 2 ** (-1 / 6)) & (f < c * 2 ** (1 / 6))
        t = lambda a: torch.tensor(np.asarray(a), dtype=torch.float32)
        self.scales = P.Scales(t(B), t(widths), t(10 ** (quiet / 10)), t(level), t(thirds))

    def power(self, x):
        frames = x.unfold(1, self.n, self.n // 2) * self.window
        X = torch.fft.rfft(frames)[..., : self.top + 1]
        return (X.real.square() + X.imag.square()) * (480 / float(self.window.square().sum()))

    def known(self, mask):
        """Mask [W, T, 401] of 20-ms frames at this scale's frames and bins, nearest."""
        W, T, _ = mask.shape; n_frames = ((T - 1) * HOP - self.n) // (self.n // 2) + 1
        t = ((np.arange(n_frames) * (self.n // 2) + self.n / 2) / HOP).round().astype(int)
        k = (np.arange(self.top + 1) * 48000 / self.n / 50).round().astype(int)
        return mask[:, t][:, :, k]


LOUD, ENV = Scale(1536), Scale(1228)
P_SYLLABLE = 20


def losses(E, clean, mask):
    y, c = synthesis(E), synthesis(clean)
    k = LOUD.known(mask)[..., :256]
    loud = p862.distance(p862.power(y) * k, p862.power(c) * k).mean()
    k = ENV.known(mask)
    seg = P.SEGMENT
    P.SEGMENT = 30
    try:
        env = 1 - P._envelope_correlation(ENV.power(y) * k, ENV.power(c) * k, ENV.scales).mean()
    finally:
        P.SEGMENT = seg
    return loud, env
