import sys; sys.path.insert(0,'/work/main/py')
import torch
from pathlib import Path
from percepnet_training.export import twin_network, engine_network
from percepnet_training.model import TwinNetwork
from percepnet.network import save_model
a=torch.load('/work/runs/new.pt',weights_only=False)['average']
ck=torch.load('/work/runs/r2/checkpoint.pt',weights_only=False); b=ck['average']; print(ck['step'])
top=twin_network(Path('/work/main/models/default.npz')).topology
for share in map(float,sys.argv[1:]):
    s={k:a[k]*(1-share)+b[k]*share for k in b}
    t=TwinNetwork(top,s['mean'],s['deviation']); t.load_state_dict(s)
    save_model(engine_network(t),Path(f'/work/s11/m{int(share*100)}.npz'))
    torch.save({'step':4000,'average':s},f'/work/s11/m{int(share*100)}.pt')
