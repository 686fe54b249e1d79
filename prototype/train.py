"""Prototype trainer: AMX network, hand-written loss, prefetching, Muon or Adam. torchrun --nproc 2."""
import argparse, json, os, sys, time, threading, queue, io
from pathlib import Path
sys.path.insert(0, '/work/frozen7/py')
os.environ['PATH'] = '/work/venv/bin:' + os.environ['PATH']
from percepnet_training.memory import keep_freed_memory
keep_freed_memory()
import numpy as np, torch
from torch import distributed as dist
torch.set_num_threads(1)
from percepnet_training import spectral_loss as _s
_s.GAP_WEIGHT = float(os.environ.get('GAP', 8))
import fastnet, fastloss
from percepnet.topology import Topology
from percepnet.constants import N_GROUP_FEATURES as NF
from percepnet_training.export import twin_network, engine_network
from percepnet_training.growth import grown_network
from percepnet_training.model import TwinNetwork
from percepnet_training.windows import Batch
from percepnet_training.enhancement import N_PASSED
from percepnet_training.shards import list_shards, spectra_path
from percepnet.network import save_model
LOOK = 2
GATE = int(os.environ.get('GATE', 0))
p = argparse.ArgumentParser()
p.add_argument('run', type=Path); p.add_argument('--shards', type=Path, nargs='+', required=True)
p.add_argument('--init'); p.add_argument('--size', default='64,8,256,16')
p.add_argument('--steps', type=int, default=100000); p.add_argument('--lr', type=float, default=2e-3)
p.add_argument('--decay', type=int, nargs=2, help='steps between which the rate falls to 0')
p.add_argument('--opt', default='muon'); p.add_argument('--batch', type=int, default=8); p.add_argument('--frames', type=int, default=300)
p.add_argument('--seed', type=int, default=1); p.add_argument('--ema', type=float, default=.998); p.add_argument('--reset-opt', action='store_true')
p.add_argument('--valid', type=int, default=500); p.add_argument('--warm', type=int, default=100)
p.add_argument('--w', default='{}')
a = p.parse_args()
world = int(os.environ.get('WORLD_SIZE', 1)); rank = int(os.environ.get('RANK', 0))
if world > 1: dist.init_process_group('gloo')
W = dict(n_frames=a.frames, n_warmup_frames=25, colour_db=3., signal_weight=2., loudness_weight=8., envelope_weight=60., error_weight=.3, band_weight=1., voice_weight=2., detection_weight=.05, max_signal=30., opinion_weight=0., n_rated=4)
class Weights: pass
def weights():
    w = Weights(); w.__dict__.update(W); w.__dict__.update(json.loads(a.w))
    f = a.run / 'weights.json'
    if f.exists(): w.__dict__.update(json.loads(f.read_text()))
    return w
a.run.mkdir(parents=True, exist_ok=True)

class Data:
    def __init__(self, split):
        self.split, self.known = split, {}
        self.refresh()
    def refresh(self):
        for folder in (a.shards if self.split == 'train' else a.shards[:2]):
            for path in list_shards(folder, self.split):
                if path not in self.known: self.known[path] = np.load(path)
        self.paths = [p for p in sorted(self.known) for _ in range(3 if '/n2/' in str(p) else 1)]
    def draw(self, rng, n):
        n_read = a.frames + LOOK
        spectra = torch.empty(3, 2, n, n_read, N_PASSED)
        frames = []
        for i in range(n):
            path = self.paths[rng.integers(len(self.paths))]; shard = self.known[path]
            mix, start = rng.integers(len(shard)), rng.integers(shard.shape[1] - n_read + 1)
            frames.append(shard[mix, start:start + a.frames])
            m = np.load(spectra_path(path), mmap_mode='r')
            spectra[:, :, i] = torch.from_numpy(np.array(m[mix, start:start + n_read])).permute(1, 2, 0, 3)
        f = torch.from_numpy(np.stack(frames))
        return Batch(spectra, f[..., :2], f[..., 2].contiguous(), f[..., 3].contiguous())

train, dev, fit = Data('train'), Data('dev'), Data('train')
fit.paths = fit.paths[:60]

def run(f, b, e, w):
    answers, taps = fastnet.forward(net, f)
    if taps is not None: taps = torch.tanh(fastloss.TSCALE * taps.float())
    if taps is not None and GATE: taps = taps * torch.sigmoid(-answers[0].float()[..., :52, None, None])
    return fastloss.loss(answers, b, e, w, None if taps is None else fastloss.filtered(b, taps))

def widened(old, size):
    """A network without taps as one with: they are 0, and what it hears for them counts 0."""
    new = TwinNetwork(size, torch.zeros(32, NF), torch.ones(NF))
    s, o = new.state_dict(), old.state_dict()
    for k in s:
        if s[k].shape == o[k].shape: s[k] = o[k].clone()
        else:
            z = torch.zeros_like(s[k])
            if k == 'deviation': z += .6
            if k == 'embed.weight': z.normal_(0, .02)
            z[tuple(slice(0, n) for n in o[k].shape)] = o[k]
            s[k] = z
    new.load_state_dict(s)
    return new

def start_network():
    size = Topology(*map(int, a.size.split(',')))
    torch.manual_seed(a.seed)
    if a.init:
        old = torch.load(a.init, weights_only=False)
        o = TwinNetwork.__new__(TwinNetwork)
        class O:
            def state_dict(s): return old['average'] if 'average' in old else old
        return widened(O(), size)
    rng = np.random.default_rng(0); fs = [fastloss.features(train.draw(rng, 8))[0] for _ in range(6)]
    f = torch.cat([x.flatten(0, 1) for x in fs]).double(); mean = f.mean(0)
    return TwinNetwork(size, mean.float(), (f - mean).square().mean((0, 1)).sqrt().clamp_min(1e-2).float())

net = start_network()
names = dict(net.named_parameters())
GATED = [n for n in names if n.endswith('weight_ih') or n.endswith('weight_hh')]
MATS = GATED + [n for n in names if n.endswith('.weight') and n.split('.')[0] not in ('embed', 'head', 'voice')] if a.opt == 'muon' else []
adam = torch.optim.AdamW([q for n, q in names.items() if n not in MATS], lr=a.lr, betas=(.9, .98), weight_decay=1e-3)
mom = {n: torch.zeros_like(names[n]) for n in MATS}
ema = {n: v.clone() for n, v in net.state_dict().items()}
step, seconds = 0, 0.
CK = a.run / 'checkpoint.pt'
if CK.exists():
    s = torch.load(CK, weights_only=False)
    net.load_state_dict(s['network']); ema = s['average']; step, seconds = s['step'], s['seconds']
    if not a.reset_opt: adam.load_state_dict(s['adam']); mom = s['mom'] if MATS else mom

def ns(m):
    x = m.bfloat16(); t = x.shape[-2] > x.shape[-1]
    if t: x = x.mT
    x = x / (x.float().norm(dim=(-2, -1), keepdim=True) + 1e-7).bfloat16()
    for _ in range(5):
        y = x @ x.mT
        x = 3.4445 * x + (-4.7750 * y + 2.0315 * (y @ y)) @ x
    return (x.mT if t else x).float()

def muon(lr):
    for n in MATS:
        q, g = names[n], names[n].grad
        m = mom[n].mul_(.95).add_(g, alpha=.05)
        u = g.mul(.05).add_(m, alpha=.95)
        u = u.view(3, -1, u.shape[1]) if n in GATED else u[None]
        o = ns(u) * (.2 * max(u.shape[1:]) ** .5)
        q.data.mul_(1 - lr * 1e-3).sub_(o.view_as(q), alpha=lr)

def rate():
    r = a.lr * min(1., (step - first + 1) / a.warm)
    decay = getattr(w, 'decay', a.decay)
    if decay:
        b, e = decay
        if step > b: r *= .5 + .5 * np.cos(np.pi * min(1, (step - b) / (e - b)))
    return r

def evaluate(data, w, n=12):
    keep = {k: q.data for k, q in names.items()}
    for k, q in names.items(): q.data = ema[k]
    rng, tot = np.random.default_rng(7), {}
    with torch.no_grad():
        for _ in range(n):
            b = data.draw(rng, 8); f, e = fastloss.features(b)
            l, parts = run(f, b, e, w)
            for k, v in {'loss': float(l), **parts}.items(): tot[k] = tot.get(k, 0) + v / n
    for k, q in names.items(): q.data = keep[k]
    return tot



Q = queue.Queue(3)
def feeder():
    s = step
    while True:
        if s % 200 == 0: train.refresh()
        rng = np.random.default_rng((a.seed, s, rank)); b = train.draw(rng, a.batch)
        Q.put((b, rng)); s += 1
threading.Thread(target=feeder, daemon=True).start()

def log(split, parts, lr):
    line = f"{step} {seconds:.0f}s {step * a.batch * world * a.frames / 360000:.1f}h lr {lr:.1e} {split} " + ' '.join(f"{k} {v:.4f}" for k, v in parts.items())
    with open(a.run / 'log.txt', 'a') as f: f.write(line + '\n')

def save():
    buf = io.BytesIO(); torch.save({'step': step, 'seconds': seconds, 'network': net.state_dict(), 'average': ema, 'adam': adam.state_dict(), 'mom': mom}, buf)
    (a.run / 'ck.partial').write_bytes(buf.getbuffer()); os.replace(a.run / 'ck.partial', CK)



first = step; recent = []; saved = t0 = time.time(); spent = seconds; w = weights()
if rank == 0:
    log('dev', evaluate(dev, w), 0); log('fit', evaluate(fit, w), 0)
while step < getattr(w, 'end', a.steps):
    b, rng = Q.get()
    b = fastloss.recolour(rng, b, w.colour_db)
    f, e = fastloss.features(b)
    loss, parts = run(f, b, e, w)
    for q in names.values(): q.grad = None
    loss.backward()
    if world > 1:
        flat = torch.cat([q.grad.flatten() for q in names.values()]); dist.all_reduce(flat); flat /= world
        for q, g in zip(names.values(), flat.split([q.numel() for q in names.values()])): q.grad = g.view_as(q)
    norm = torch.nn.utils.clip_grad_norm_(list(names.values()), 60.)
    assert torch.isfinite(norm), 'no number'

    lr = float(rate())
    for g in adam.param_groups: g['lr'] = lr
    adam.step(); muon(lr)
    step += 1
    d = min(a.ema, (step - first) / (step - first + 10)) if not CK.exists() or first == 0 else a.ema
    for n, q in names.items(): ema[n].lerp_(q.data, 1 - d)
    seconds = spent + time.time() - t0
    recent.append({'loss': loss.item(), 'norm': norm.item(), **parts})
    if step % 50 == 0:
        w = weights()
        if rank == 0: log('train', {k: np.mean([r[k] for r in recent]) for k in recent[0]}, lr)
        recent = []
    if rank == 0:
        if step % a.valid == 0 or step == getattr(w, 'end', a.steps): log('dev', evaluate(dev, w), lr); log('fit', evaluate(fit, w), lr)
        if time.time() - saved > 120 or step == getattr(w, 'end', a.steps): save(); saved = time.time()
if world > 1: dist.barrier(); dist.destroy_process_group()
