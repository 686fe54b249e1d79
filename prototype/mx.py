"""mx.py OUT W1:CK1 W2:CK2 ...: weighted mean of 22-feature states for main's package."""
import sys; sys.path.insert(0,'/work/main/py')
import torch; from pathlib import Path
from percepnet.topology import Topology
from percepnet.network import save_model
from percepnet_training.model import TwinNetwork
from percepnet_training.export import engine_network
m={}; 
for a in sys.argv[2:]:
    w,f=a.split(':'); s=torch.load(f,weights_only=False)['average']
    for k,v in s.items(): m[k]=m.get(k,0)+float(w)*v
t=TwinNetwork(Topology(64,8,256,16),m['mean'],m['deviation']); t.load_state_dict(m)
save_model(engine_network(t),Path(sys.argv[1]+'.npz')); torch.save({'step':1,'average':m},sys.argv[1]+'.pt')
