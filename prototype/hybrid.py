import sys; sys.path.insert(0,'/work/frozen/py')
import numpy as np
from pathlib import Path
from percepnet_training.recipe import load_recipe
from percepnet_training.corpus import Corpus
from percepnet_training.synthesis import Mixer
from percepnet_training import shards as S
r=load_recipe('/work/runs/n1.toml'); c=Path('/work/runs/n1/corpus')
for sp in ('train','dev'):
  for no in ('train','dev'):
    a,b=(Corpus(c,x,r.data.noise_weights) for x in (sp,no))
    a.draw_noise=b.draw_noise
    out=Path(f'/work/runs/h_{sp}_{no}'); out.mkdir(exist_ok=True)
    m=Mixer(a,20.0,r.seed+777)   # same random numbers in all four
    for i in range(5):
      fr,spc=zip(*(S.mixture_frames(m.mixture(n)) for n in range(i*6,i*6+6)))
      p=S.frames_path(out,'dev',i); S._save(S.spectra_path(p),np.stack(spc)); S._save(p,np.stack(fr))
