"""np.py CHECKPOINT TAG SHARE...: mixes with m20 in the form without filter and phases, for main's package (/tmp/wm)."""
import sys; sys.path.insert(0,'/work/main/py')
import torch; from pathlib import Path
from percepnet.topology import Topology
from percepnet.network import save_model
from percepnet_training.model import TwinNetwork
from percepnet_training.export import engine_network
d=torch.load(sys.argv[1],weights_only=False)['average']; o=torch.load('/work/s11/m20.pt',weights_only=False)['average']
def old(s):
    s=dict(s)
    if s['embed.weight'].shape[1]==54:
        s['mean']=s['mean'][:,:22]; s['deviation']=s['deviation'][:22]; s['embed.weight']=s['embed.weight'][:,:22]
        s['head.weight']=torch.cat((s['head.weight'][:8,:128],s['head.weight'][:8,128:150]),1); s['head.bias']=s['head.bias'][:,:8]
    return s
d=old(d); assert torch.allclose(d['mean'],o['mean']) and torch.allclose(d['deviation'],o['deviation'])
for sh in map(float,sys.argv[3:]):
    m={k:(sh*d[k]+(1-sh)*o[k]).clone() for k in d}; t=TwinNetwork(Topology(64,8,256,16),m['mean'],m['deviation']); t.load_state_dict(m)
    f=f'/work/s12/{sys.argv[2]}{int(100*sh)}'; save_model(engine_network(t),Path(f+'.npz')); torch.save({'step':1,'average':m},f+'.pt')
