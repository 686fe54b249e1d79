import sys; sys.argv=['train.py','/work/runs/tmp_snr','--shards','/work/runs/n4/features','/work/runs/x1/features','--init','/work/s12/n70.pt']
src=open('head.py').read().replace("train, dev, fit = Data('train'), Data('dev'), Data('train')","""
class D2(Data):
    def refresh(self):
        for folder in a.shards:
            for path in list_shards(folder, self.split)[::12]: self.known[path]=np.load(path)
        self.paths=sorted(self.known)
train, dev, fit = D2('train'), D2('dev'), D2('train')""")
exec(src)
net=start_network()
P=list(net.parameters())
w=weights(); w.band_weight=.5; w.max_signal=100; w.error_weight=.5; w.signal_weight=2.5; w.loudness_weight=6.; w.n_rated=8
import copy
res={'opinion':[], 'loud':[], 'rest':[], 'bak':[],'sig':[]}
rng=np.random.default_rng(3)
for it in range(10):
    b=train.draw(rng,8); f,e=fastloss.features(b)
    for k in res:
        v=copy.copy(w)
        if k!='rest': v.signal_weight=v.envelope_weight=v.error_weight=v.band_weight=v.detection_weight=0.
        if k!='loud' and k!='rest': v.loudness_weight=0.; v.opinion_weight=1.; v.opinions=[0,0,1.] if k=='opinion' else [0,1.,0] if k=='bak' else [1.,0,0]
        t=time.time(); l,p=run(f,b,e,v); g=torch.autograd.grad(l,P,allow_unused=True)
        res[k].append(torch.cat([x.flatten() for x in g if x is not None])); 
        if it==0: print(k,l.item(),p['opinion'],time.time()-t, res[k][-1].norm().item())
        last=p['opinion']
    print(it, last, flush=True)
G={k:torch.stack(v) for k,v in res.items()}
for k,v in G.items():
    n=v.norm(dim=1); c=(v/n[:,None])@(v/n[:,None]).T; m=(c.sum()-10)/90
    print(k,'norm',n.mean().item(),'mean cos',m.item(),'norm of mean',v.mean(0).norm().item())
M={k:v.mean(0) for k,v in G.items()}
for i in M:
    print(i,[round(float(torch.cosine_similarity(M[i],M[j],0)),3) for j in M])
