"""Disturbances of ITU-T P.862.2 of aligned signals at 48 kHz, differentiable: 0.1 symmetric + 0.0309 asymmetric."""
import sys, types
import numpy as np, torch
_tt = types.ModuleType('torchtyping'); _tt.TensorType = type('T', (), {'__class_getitem__': classmethod(lambda c, i: c)})
_tg = types.ModuleType('typeguard'); _tg.typechecked = lambda f: f
_keep = {k: sys.modules.get(k) for k in ('torchtyping', 'typeguard')}
sys.modules.update({'torchtyping': _tt, 'typeguard': _tg})
import importlib.util, os
def _load(name):
    p = '/work/venv/lib/python3.11/site-packages/torch_pesq/' + name + '.py'
    spec = importlib.util.spec_from_file_location('torch_pesq_.' + name, p); m = importlib.util.module_from_spec(spec)
    m.__package__ = 'torch_pesq_'; sys.modules['torch_pesq_'] = types.ModuleType('torch_pesq_'); sys.modules['torch_pesq_'].__path__ = []
    sys.modules['torch_pesq_.' + name] = m; spec.loader.exec_module(m); return m
B = _load('bark'); L = _load('loudness')
for k, v in _keep.items():
    if v is None: del sys.modules[k]
    else: sys.modules[k] = v
f32 = lambda a: torch.tensor(np.asarray(a, float), dtype=torch.float32)
N, HOP = 1536, 768
WIN = torch.hann_window(N)
THR, WIDTH = f32(L.abs_thresh_power_16k), f32(B.width_of_band_bark_16k)
EXPO = f32(np.clip(6 / (np.array(B.centre_of_band_bark_16k) + 2), 1, 2) ** .15 * .23)
TOTAL = WIDTH[1:].sum()
w = np.exp(-2j * np.pi * np.arange(256) / 512)
PRE = np.abs(2.740826 * (1 - 2 * w + w**2) / (1 - 1.9444777 * w + .94597794 * w**2)) ** 2
BANDS = np.zeros((49, 256)); i = 0
for b, n in enumerate(B.nr_of_hz_bands_per_bark_band_16k): BANDS[b, i:i + n] = B.pow_dens_correction_factor_16k[b] * B.Sp_16k; i += n
BANDS[:, 0] = 0
M = f32(BANDS * PRE).T.contiguous()
hz = np.arange(256) * 31.25
LEVEL = f32((hz >= 325) & (hz <= 3250))

def power(x):
    """Bins 0..255 of 32-ms frames as of a 16-kHz signal, [W, T, 256]."""
    X = torch.fft.rfft(x.unfold(1, N, HOP) * WIN)[..., :256]
    return (X.real.square() + X.imag.square()) / 9

def levelled(p):
    # mean square in the band: Parseval of 512-point Hann frames
    level = (p @ LEVEL).mean(1) * 2 / 512 / 192.
    return p * (1e7 / (level + 1e-9))[:, None, None]

def distance(py, pc):
    """[W] of powers of `power`, enhanced and clean."""
    y, c = (levelled(p) @ M for p in (py, pc))
    with torch.no_grad(): silent = ((c * (c > 100 * THR)).sum(-1, keepdim=True) < 1e7).float()
    my, mc = ((x * (x > 100 * THR) * (1 - silent)).mean(1, keepdim=True) for x in (y, c))
    c = c * ((my + 1000) / (mc + 1000)).clamp(.01, 100)
    tc, ty = ((x * (x > THR)).sum(-1) for x in (c, y))
    r = (tc + 5e3) / (ty + 5e3)
    r = torch.cat((r[:, :1], .8 * r[:, 1:] + .2 * r[:, :-1]), 1).clamp(3e-4, 5)
    y = y * r[..., None]
    ly, lc = ((2 * THR) ** EXPO * ((.5 + .5 * x.clamp_min(0) / THR) ** EXPO - 1).clamp_min(0) * L.Sl_16k for x in (y, c))
    d = ly - lc
    d = d.sign() * (d.abs() - .25 * torch.minimum(ly, lc)).clamp_min(0)
    a = ((y + 50) / (c + 50)) ** 1.2
    a = torch.where(a < 3, 0., a.clamp_max(12))
    relief = ((tc + 1e5) / 1e7) ** .04
    out = []
    for x, q in ((d, 2), (d * a, 1)):
        s = ((WIDTH * x.abs())[..., 1:] ** q).sum(-1) / TOTAL
        f = (TOTAL * (s + 1e-6).sqrt() if q == 2 else TOTAL * s) / relief
        syl = ((f.clamp_max(45).unfold(1, 20, 10) ** 6).mean(-1) + 1e-6) ** (1 / 6)
        out.append((syl.square().mean(1) + 1e-6).sqrt())
    return .1 * out[0] + .0309 * out[1]
