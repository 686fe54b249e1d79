import sys; sys.path.insert(0,'/work/frozen/py')
import os; os.environ['PATH']='/work/venv/bin:'+os.environ['PATH']
from percepnet_training.memory import keep_freed_memory; keep_freed_memory()
import torch, numpy as np; torch.set_num_threads(1)
from pathlib import Path
from percepnet_training.windows import Windows
from percepnet_training.export import twin_network
import fastloss, fastnet
class W: pass
w=W(); w.__dict__.update(dict(n_frames=300,n_warmup_frames=25,colour_db=3.,signal_weight=2.,loudness_weight=8.,envelope_weight=60.,error_weight=.3,band_weight=2.,voice_weight=2.,detection_weight=.05,max_signal=30.))
nets={n:twin_network(Path(n)) for n in sys.argv[1:]}
for s in ('train_train','train_dev','dev_train','dev_dev'):
    win=Windows(Path(f'/work/runs/h_{s}'),'dev',300)
    for n,net in nets.items():
        rng=np.random.default_rng(3); tot={}
        with torch.no_grad():
            for _ in range(16):
                b=win.draw(rng,8); f,e=fastloss.features(b)
                l,p=fastloss.loss(net(f,False),b,e,w)
                for k,v in {'loss':float(l),**p}.items(): tot[k]=tot.get(k,0)+v/16
        print(s,n.split('/')[-2],' '.join(f'{k} {v:.4f}' for k,v in tot.items()))
