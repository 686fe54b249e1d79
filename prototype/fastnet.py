"""The network's training pass through hand-written AMX kernels (prototype)."""
import sys
sys.path.insert(0, '/work/frozen7/py')
import torch
from torch.utils.cpp_extension import load
from percepnet.topology import CONV_KERNELS, GRUS, LAYER_INPUTS
from percepnet.constants import N_BANDS
K = load('amx', ['/work/exp/amx.cpp'], build_directory='/work/exp/build', extra_cflags=['-O3', '-march=native', '-ffast-math', '-fno-finite-math-only'], verbose=False)
assert K.permit()
BF = torch.bfloat16


def pad(n, m):
    return (n + m - 1) // m * m


def pack(blocks, n_out):
    """Packed tiles of a weight [n_out, sum K], its columns in blocks padded to 32 each."""
    parts = []
    for b in blocks:
        k = b.shape[1]
        parts.append(torch.nn.functional.pad(b, (0, pad(k, 32) - k, 0, pad(n_out, 16) - n_out)))
    w = torch.cat(parts, 1).to(BF)
    n, k = w.shape
    return w.view(n // 16, 16, k // 32, 16, 2).permute(2, 0, 3, 1, 4).contiguous()


class DenseF(torch.autograd.Function):
    """xs: [M, K_s] bf16; weight [N, kernel * sum K] fp32; bias [R, N]."""
    @staticmethod
    def forward(ctx, weight, bias, kernel, act, *xs):
        N, R = weight.shape[0], bias.shape[0]
        sizes = [x.shape[1] for x in xs]
        blocks = list(weight.split(sizes * kernel, 1))
        y = K.dense(list(xs), pack(blocks, N), bias, N, R, kernel, act, act == 0)
        ctx.save_for_backward(weight, y if act else weight, *xs)
        ctx.cfg = (kernel, act, sizes, R)
        return y

    @staticmethod
    def backward(ctx, dy):
        weight, y, *xs = ctx.saved_tensors
        kernel, act, sizes, R = ctx.cfg
        N = weight.shape[0]
        if act:
            d, db = K.dtanh(dy.contiguous(), y, R)
        else:
            d = dy.to(BF).contiguous()
            db = dy.view(-1, R, N).sum(0)
        dws, dxs, col = [], [], 0
        if kernel == 3:
            dw = K.gemm_tn(d, xs[0], 3)
            if ctx.needs_input_grad[4]:
                b = [p.t() for p in weight.split(sizes * 3, 1)][::-1]
                dxs = [K.dense([d], pack(b, sizes[0]), None, sizes[0], 32, 3, 0, False)]
        else:
            for s, x in enumerate(xs):
                dws.append(K.gemm_tn(d, x, 1))
                if ctx.needs_input_grad[4 + s]:
                    dxs.append(K.dense([d], pack([weight[:, col:col + sizes[s]].t()], sizes[s]), None, sizes[s], 1, 1, 0, False))
                else:
                    dxs.append(None)
                col += sizes[s]
            dw = torch.cat(dws, 1)
        return dw, db, None, None, *dxs


class GRUF(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w_ih, w_hh, b_ih, b_hh, T, *xs):
        H = w_hh.shape[1]
        N = xs[0].shape[0] // T
        sizes = [x.shape[1] for x in xs]
        bias = torch.cat((b_ih[:2 * H] + b_hh[:2 * H], b_ih[2 * H:], b_hh[2 * H:]))
        out, save = K.gru_fwd(list(xs), pack(list(w_ih.split(sizes, 1)), 3 * H), pack([w_hh], 3 * H), bias, T, N, H)
        ctx.save_for_backward(w_ih, w_hh, out, save, *xs)
        ctx.cfg = (T, N, H, sizes)
        return out

    @staticmethod
    def backward(ctx, dout):
        w_ih, w_hh, out, save, *xs = ctx.saved_tensors
        T, N, H, sizes = ctx.cfg
        G = K.gru_bwd(dout.contiguous(), out, save, pack([w_hh.t()], H), T, N, H)
        db = K.colsum(G)
        db_ih, db_hh = db[:3 * H], torch.cat((db[:2 * H], db[3 * H:]))
        gx = G[:, :3 * H]
        dws, dxs, col = [], [], 0
        for s, x in enumerate(xs):
            dws.append(K.gemm_tn(gx, x, 1))
            dxs.append(K.dense([gx], pack([w_ih[:, col:col + sizes[s]].t()], sizes[s]), None, sizes[s], 1, 1, 0, False))
            col += sizes[s]
        dh = K.gemm_tn(G[N:], out[:-N], 1)
        return torch.cat(dws, 1), torch.cat((dh[:2 * H], dh[3 * H:])), db_ih, db_hh, None, *dxs


def forward(net, features):
    """As TwinNetwork.forward(features, False)."""
    T, B = features.shape[:2]
    shapes = net.topology.signal_shapes
    f = ((features - net.mean) / net.deviation).to(BF)
    sig = {"features": f}

    def heard(name):
        rows = shapes[name][0]
        return [sig[s].reshape(T * B * rows, -1) for s in LAYER_INPUTS[name]]
    for name in LAYER_INPUTS:
        layer = getattr(net, name)
        if name in GRUS:
            sig[name] = GRUF.apply(layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh, T, *heard(name))
        elif name in ('head', 'voice'):
            sig[name] = DenseF.apply(layer.weight, layer.bias, 1, 0, *heard(name))
        else:
            sig[name] = DenseF.apply(layer.weight, layer.bias, CONV_KERNELS.get(name, 1), 1, *heard(name))
    head = sig["head"].view(T, B, N_BANDS // 4, -1).transpose(0, 1)
    gains, strengths = head[..., :8].reshape(B, T, N_BANDS, 2).unbind(-1)
    answers = gains, strengths, sig["voice"].view(T, B).t()
    if head.shape[-1] == 8: return answers, None
    return answers, head[:, :, :13, 8:].reshape(B, T, 52, -1, 2)


if __name__ == '__main__':
    import time
    from percepnet_training.memory import keep_freed_memory
    keep_freed_memory()
    from percepnet_training.model import TwinNetwork
    from percepnet.topology import Topology
    torch.set_num_threads(1)
    torch.manual_seed(0)
    from percepnet.constants import N_GROUPS, N_GROUP_FEATURES
    size = tuple(map(int, (sys.argv[1] if len(sys.argv) > 1 else '48,6,128,8').split(',')))
    net = TwinNetwork(Topology(*size), torch.zeros(N_GROUPS, N_GROUP_FEATURES), torch.ones(N_GROUP_FEATURES))
    for p in net.parameters():
        if p.dim() == 2 and p.shape[1] > 1: p.data *= 2
    for T, B in ((50, 8), (300, 8)):
        f = torch.randn(T, B, N_GROUPS, N_GROUP_FEATURES)
        f = torch.nn.functional.avg_pool1d(f.permute(1, 2, 3, 0).flatten(0, 1), 5, 1, 2).view(B, N_GROUPS, N_GROUP_FEATURES, T).permute(3, 0, 1, 2).contiguous()
        ws = [torch.randn(B, T, 128), torch.randn(B, T, 128), torch.randn(B, T)]
        res = []
        for fn in (lambda: net(f, False), lambda: forward(net, f)):
            net.zero_grad()
            for k in range(1 if T == 50 else 3):
                t = time.time(); a = fn(); t1 = time.time()
                net.zero_grad(); sum((x * w).sum() for x, w in zip(a, ws)).backward(); t2 = time.time()
            print(T, 'fwd', t1 - t, 'bwd', t2 - t1)
            res.append((a, {n: p.grad.clone() for n, p in net.named_parameters()}))
        for x, y in zip(res[0][0], res[1][0]):
            print('out', (x - y).abs().max().item(), x.std().item())
        bad = []
        for n in res[0][1]:
            x, y = res[0][1][n].flatten(), res[1][1][n].flatten()
            c = torch.dot(x, y) / x.norm() / y.norm()
            if c < .999 or abs(y.norm() / x.norm() - 1) > .02: bad.append((n, c.item(), (y.norm() / x.norm()).item()))
        print('bad', bad)
