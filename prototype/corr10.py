import sys; sys.path.insert(0,'/work/main/py')
import numpy as np, torch, soundfile, os
torch.set_num_threads(1)
from percepnet_training.loudness import loudness_distances
from percepnet_training.envelopes import envelope_correlations
from percepnet.scores import pesq_wb, stoi_score, to_wide_band
D='/work/devpairs3'; models=['m20','d1','d1off','e50','e50off','full50','d1a','d1b']; rows=[]
for f in sorted(os.listdir(D+'/noisy')):
    c,_=soundfile.read(D+'/clean/'+f,dtype='float32')
    for m in models:
        y,_=soundfile.read(f'/work/s12/out20/{m}/{f}',dtype='float32'); n=min(len(y),len(c)); y,cc=y[:n],c[:n]
        a,b=(torch.tensor(to_wide_band(x)*3000).float()[None] for x in (y,cc))
        rows.append([pesq_wb(y,cc),stoi_score(y,cc),loudness_distances(a,b).item(),envelope_correlations(a,b).item()])
X=np.array(rows).reshape(-1,len(models),4); X[...,0]=-(4.6607-np.log(4/(X[...,0]-.999)-1))/1.4945
d=X-X.mean(1,keepdims=True)
for i,j in ((0,2),(1,3)): print(X[...,j].mean(),np.corrcoef(d[...,i].ravel(),d[...,j].ravel())[0,1])
