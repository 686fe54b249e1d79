import sys,time
sys.path.insert(0,'/work/frozen5/py'); sys.path.insert(0,'/work/exp3')
from percepnet_training.memory import keep_freed_memory
keep_freed_memory()
import torch, numpy as np
torch.set_num_threads(1)
t=time.time()
import fastloss as F
print('import+compile',round(time.time()-t,2))
from percepnet_training import objectives as O
from percepnet_training.augmentation import recoloured
from percepnet_training.windows import Batch
class W: pass
w=W(); w.n_frames=300;w.n_warmup_frames=25;w.colour_db=3.;w.signal_weight=2;w.loudness_weight=8;w.envelope_weight=60;w.error_weight=.3;w.band_weight=.5;w.detection_weight=.05;w.voice_weight=2;w.opinion_weight=0;w.bfloat16=False
w.max_signal=100.
def draw(seed,n=8,silent=(2,),loud=30.):
    torch.manual_seed(seed); T=302
    k=torch.arange(401.)
    def env(f,depth):
        a=torch.nn.functional.interpolate(torch.randn(n,1,T//f+2,401//f+3)*depth,(T,401),mode='bilinear',align_corners=True)[:,0]
        return torch.exp(a)
    tilt=loud*(1+k/20)**-1.2
    gate=(torch.nn.functional.interpolate(torch.randn(n,1,20),T,mode='linear')[:,0]>-.3).float()[...,None]
    clean=torch.randn(2,n,T,401)*env(12,1.5)*tilt*(gate+1e-3)
    for i in silent: clean[:,i]=0
    noise=torch.randn(2,n,T,401)*env(20,.8)*tilt*.3*torch.exp(torch.randn(n,1,1)*1.5)
    noisy=clean+noise
    per=.8*clean+.3*noisy+.1*noise*torch.randn(2,n,T,401)
    noisy[:,-1,100:140]*=1e-4; per[:,-1,100:140]*=1e-4
    hz=torch.full((n,300),24000.); hz[1]=7000.
    return Batch(torch.stack((noisy,per,clean)),torch.rand(n,300,2),gate[:,:300,0]*(torch.rand(n,300)>.2),hz)
def ref(answers,batch):
    class Wn:
        def draw(s,rng,n): return batch
    obj=O.Objective.__new__(O.Objective); obj._weights=w;obj._device='cpu';obj._listeners=None
    obj._windows={'train':Wn(),'dev':Wn()}
    return obj.loss(lambda f,q: answers,np.random.default_rng(0),batch.voice.shape[0],False,False)
def answers(batch,kind,seed):
    torch.manual_seed(seed)
    e=O._energies(batch); n=batch.voice.shape[0]
    if kind=='random': g=torch.randn(n,300,128)*2
    else:
        r=torch.sqrt((e[2]+1e-3)/(e[0][:,:300]+1e-3)).clamp(1e-3,.999); g=torch.logit(r)+torch.randn(n,300,128)*.5
    return [x.detach().requires_grad_() for x in (g,torch.randn(n,300,128)*1.5-.5,torch.randn(n,300))]
for seed,kind,kw in [(0,'random',{}),(1,'oracle',{}),(2,'oracle',dict(silent=())),(3,'oracle',dict(silent=range(8))),(4,'oracle',dict(silent=(0,3,5),loud=1.)),(5,'random',dict(loud=300.))]:
    b=draw(seed,**kw); a=answers(b,kind,seed)
    if seed in(1,): a=[x.detach().transpose(0,1).contiguous().transpose(0,1).requires_grad_() for x in a]
    f,e=F.features(b); e0=O._energies(b); f0=O._features(b,e0)
    print(seed,kind,kw,'feat',(f-f0).abs().max().item(),'energy',[((x-y).abs()/(y.abs()+1e-3*y.abs().mean()+1e-9)).max().item() for x,y in zip(e,e0)])
    l0,p0=ref(a,b); g0=torch.autograd.grad(l0,a)
    l,p=F.loss(a,b,e,w); g=torch.autograd.grad(l,a)
    print('  loss',l0.item(),l.item(),{k:(round(p0[k],5),'%.1e'%abs((p[k]-p0[k])/(p0[k] or 1))) for k in p0}, list(p)==list(p0))
    for x,y in zip(g,g0):
        if y.norm()>0: print('  cos %.7f norm ratio %.6f maxerr %.1e'%(torch.cosine_similarity(x.double().flatten(),y.double().flatten(),0),x.norm()/y.norm(),(x-y).abs().max()/y.abs().max()), torch.isfinite(x).all().item())
b=draw(9); b2=Batch(b.spectra.clone(),*b[1:])
r0=np.random.default_rng(3); r1=np.random.default_rng(3)
x=recoloured(r0,b.spectra,3.); y=F.recolour(r1,b2,3.).spectra
print('recolour',(x-y).abs().max().item(), r0.random()==r1.random())
def tm(f,n=10):
    f();f(); ts=[]
    for _ in range(n):
        t=time.perf_counter(); f(); ts.append(time.perf_counter()-t)
    return '%.1f (min %.1f) ms'%(1e3*np.median(ts),1e3*min(ts))
a=answers(b,'oracle',9); e=O._energies(b); fe=O._features(b,e)
rng=np.random.default_rng(0)
print('recolour   pkg',tm(lambda: recoloured(rng,b.spectra,3.)),' fast',tm(lambda: F.recolour(rng,b2,0.)))
b2=Batch(b.spectra.clone(),*b[1:])
print('features   pkg',tm(lambda: O._features(b,O._energies(b))),' fast',tm(lambda: F.features(b2)))
def r():
    l,_=ref(a,b); l.backward()
def q():
    l,_=F.loss(a,b,e,w); l.backward()
with torch.no_grad(): print('loss only  pkg (incl. features)',tm(lambda: ref(a,b)),' fast',tm(lambda:F.loss(a,b,e,w)))
print('loss+bwd   pkg (incl. features)',tm(r),' fast',tm(q))
ab=[x.detach().bfloat16().transpose(0,1).contiguous().transpose(0,1).requires_grad_() for x in a]
def qb():
    l,_=F.loss(ab,b,e,w); l.backward()
print('bf16 strided fast',tm(qb))
bE=torch.rand(8,275,48)*1e4; tE=torch.rand(8,275,15)*1e4
bC=bE*torch.rand(8,275,48); tC=tE*torch.rand(8,275,15)
bE.requires_grad_(); tE.requires_grad_()
print('  of it loudness',tm(lambda: torch.autograd.grad(F._loudness_distance(bE,bC).mean(),bE)),'envelope',tm(lambda: torch.autograd.grad(F._envelope_correlation(tE,tC).mean(),tE)))

# bfloat16, strided: against the package on the same values in float32
af=[x.detach().float().contiguous().requires_grad_() for x in ab]
l0,_=ref(af,b); g0=torch.autograd.grad(l0,af); l,_=F.loss(ab,b,e,w); g=torch.autograd.grad(l,ab)
print('bf16 loss',l0.item(),l.item(),[(x.dtype,torch.cosine_similarity(x.double().flatten(),y.double().flatten(),0).item()) for x,y in zip(g,g0)])
bad=[x.detach().clone().requires_grad_() for x in a]
with torch.no_grad(): bad[0][0,0,0]=float('nan')
l,_=F.loss(bad,b,e,w); print('nan',l.item(),torch.autograd.grad(l,bad)[0].isnan().any().item())
with torch.no_grad():
    l,p=F.loss(a,b,e,w); print('no grad',l.item(),l.requires_grad)
l,_=F.loss(a,b,e,w); (g3,)=torch.autograd.grad(3*l,a[:1],retain_graph=True); (g1,)=torch.autograd.grad(l,a[:1]); print('scaled',torch.allclose(g3,3*g1))
# a whole step with the network
from percepnet_training.export import twin_network
from pathlib import Path
net=twin_network(Path('/work/frozen/models/default.npz'))
rng=np.random.default_rng(0)
class Wn:
    def draw(s,rng,n): return Batch(b.spectra.clone(),*b[1:])
w.bfloat16=True
obj=O.Objective.__new__(O.Objective); obj._weights=w;obj._device='cpu';obj._listeners=None; obj._windows={'train':Wn(),'dev':Wn()}
def old():
    l,p=obj.loss(net,rng,8,False,True); l.backward()
def new():
    bb=F.recolour(rng,Wn().draw(rng,8),w.colour_db)
    f,e=F.features(bb)
    with torch.autocast('cpu',torch.bfloat16): an=net(f,False)
    F.loss(an,bb,e,w)[0].backward()
f,_=F.features(b)
def bare():
    with torch.autocast('cpu',torch.bfloat16): an=net(f,False)
    torch.autograd.backward(an,[torch.ones_like(x) for x in an])
for i in range(2): print('step: package',tm(old,5),' fast',tm(new,5),' network alone',tm(bare,5))
l0,_=obj.loss(net,np.random.default_rng(5),8,False,True)
r=np.random.default_rng(5); bb=F.recolour(r,Wn().draw(r,8),w.colour_db); f,e=F.features(bb)
with torch.autocast('cpu',torch.bfloat16): an=net(f,False)
l,_=F.loss(an,bb,e,w); ps=[p for p in net.parameters() if p.requires_grad]
g0=torch.cat([x.flatten() for x in torch.autograd.grad(l0,ps)]); g=torch.cat([x.flatten() for x in torch.autograd.grad(l,ps)])
print('whole, bf16 network',[x.dtype for x in an],l0.item(),l.item(),'cos of parameter gradients',torch.cosine_similarity(g.double(),g0.double(),0).item(),(g.norm()/g0.norm()).item())
