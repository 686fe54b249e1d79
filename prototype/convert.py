"""convert.py STATE.pt [KEY] OUT.npz: a state of exp4's trainer as this package's twin and model file."""
import sys; sys.path.insert(0,'/work/main/py')
import torch, numpy as np
from pathlib import Path
from percepnet.topology import Topology
from percepnet.network import save_model
from percepnet_training.model import TwinNetwork
from percepnet_training.export import engine_network
SC = .15 / .125
PERM = list(range(20)) + list(range(22, 54)) + [20, 21]
def package_state(s):
    s = dict(s); out = {}
    n = s['embed.weight'].shape[1]
    if n == 22:  # no filter yet
        for k in ('mean','deviation','embed.weight'):
            v = s[k]; s[k] = torch.cat((v, (torch.ones if k=='deviation' else torch.zeros)(*v.shape[:-1], 32)), -1)
        h = s['head.weight']; z = torch.zeros(48, h.shape[1]+32); z[:8,:h.shape[1]] = h; s['head.weight'] = z
        z = torch.zeros(32, 48); z[:, :8] = s['head.bias']; s['head.bias'] = z
    for k, v in s.items():
        if k in ('mean','deviation','embed.weight'): v = v[..., PERM]
        if k == 'head.weight':
            v = torch.cat((v[:, :-54], v[:, -54:][:, PERM]), 1)
            out['filter.weight'] = v[8:] * SC; v = v[:8].clone()
        if k == 'head.bias': out['filter.bias'] = v[:13, 8:] * SC; v = v[:, :8].clone()
        out[k] = v
    return out
def twin(state, size=(64,8,256,16)):
    t = TwinNetwork(Topology(*size), state['mean'], state['deviation']); t.load_state_dict(state); return t
if __name__ == '__main__':
    s = torch.load(sys.argv[1], weights_only=False)
    s = package_state(s.get('average', s))
    t = twin(s); save_model(engine_network(t), Path(sys.argv[-1]))
    torch.save({'step': 1, 'average': s}, sys.argv[-1].replace('.npz','.pt'))
