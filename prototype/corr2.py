import sys; sys.path.insert(0,'/work/main/py')
import numpy as np, torch, soundfile, os
torch.set_num_threads(1)
import p862
from percepnet.scores import pesq_wb
D='/work/devpairs3'; models=['m20','d1','d1off','e50','e50off','full50','d1a','d1b']; rows=[]
for f in sorted(os.listdir(D+'/noisy')):
    c,_=soundfile.read(D+'/clean/'+f,dtype='float32')
    for m in models:
        y,_=soundfile.read(f'/work/s12/out20/{m}/{f}',dtype='float32'); n=min(len(y),len(c))
        rows.append([pesq_wb(y[:n],c[:n]), p862.distance(*(p862.power(torch.tensor(x[:n]*32768)[None]) for x in (y,c))).item()])
X=np.array(rows).reshape(-1,len(models),2); X[...,0]=-(4.6607-np.log(4/(X[...,0]-.999)-1))/1.4945
print(X.mean(0).T.round(4)); d=X-X.mean(1,keepdims=True); print('within',np.corrcoef(d[...,0].ravel(),d[...,1].ravel())[0,1])
