"""gen2.py OUT SEED HOURS: full-band speakers, a third of the mixtures without noise."""
import sys; sys.path.insert(0,'/work/main/py')
from dataclasses import replace
from pathlib import Path
import percepnet_training.levels as L, percepnet_training.corpus as C, percepnet_training.synthesis as S
L.NOISELESS_SHARE = .30; L.SOFT_NOISE_SHARE = .10
old = C._groups
C.Corpus.__init__.__globals__['_groups'] = lambda clips, w: old([c for c in clips if c.kind != 'speech' or c.bandwidth_hz >= 14000], w)
from percepnet_training.recipe import load_recipe
from percepnet_training.shards import make_shards
r = load_recipe('default'); r = replace(r, seed=int(sys.argv[2]), data=replace(r.data, loud_noise_share=.2))
if __name__ == '__main__':
    c = C.Corpus(Path('/work/runs/corpus/corpus'), 'train', r.data.noise_weights)
    print(len(c.low_voices), len(c.high_voices), sum(len(g.clips) for g in c.low_voices+c.high_voices), sum(x.n_samples for g in c.low_voices+c.high_voices for x in g.clips)/48000/60)
    make_shards(Path(sys.argv[1]), Path('/work/runs/corpus/corpus'), 'train', float(sys.argv[3]), r, 2)
