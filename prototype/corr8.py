import sys; sys.path.insert(0,'/work/main/py')
import numpy as np, torch, soundfile, os, pickle
torch.set_num_threads(1)
import p862 as Q
from percepnet.scores import pesq_wb
D='/work/devpairs3'; models=['m20','d1','d1off','e50','e50off','full50','d1a','d1b']
def scale(step, top=256, pre=True):
    f=31.25*np.arange(top); bark=7*np.arcsinh(f/650)
    _,band=np.unique(np.floor(bark[1:]/step),return_inverse=True)
    B=np.zeros((band.max()+1,top)); B[band,np.arange(1,top)]=1
    edges=7*np.arcsinh((f[1:,None]+15.625*np.array((-.5,.5))*2)/650)
    widths=B[:,1:]@(edges[:,1]-edges[:,0]); khz=B@f/B.sum(1)/1000
    quiet=10**((3.64*khz**-.8-6.5*np.exp(-.6*(khz-3.3)**2)+1e-3*khz**4)/10)
    centre=B@bark/B.sum(1)
    if pre: B=B*Q.PRE
    t=lambda a: torch.tensor(np.asarray(a),dtype=torch.float32)
    return t(B).T.contiguous(), t(widths), t(quiet), t(centre)
def distance(py,pc,S,lv=1e7,eq=True,expo=True,bandS=6.,cs=1.,sl=.187,sil=True,n=20):
    M,WIDTH,THR,C=S
    def levelled(p):
        level=(p@Q.LEVEL).mean(1)*2/512/192.
        return p*(1e7/(level+1e-9))[:,None,None]
    # reference unit: P.862's Sp
    y,c=(levelled(p)@M*cs for p in (py,pc))
    E=.23*torch.clamp(6/(C+2),1,2)**.15 if expo else .23
    silent=((c*(c>100*THR)).sum(-1,keepdim=True)<1e7).float() if sil else torch.zeros_like(c[...,:1])
    if eq:
        my,mc=((x*(x>100*THR)*(1-silent)).mean(1,keepdim=True) for x in (y,c))
        c=c*((my+1000)/(mc+1000)).clamp(.01,100)
    tc,ty=((x*(x>THR)).sum(-1) for x in (c,y))
    r=(tc+5e3)/(ty+5e3)
    r=torch.cat((r[:,:1],.8*r[:,1:]+.2*r[:,:-1]),1).clamp(3e-4,5)
    y=y*r[...,None]
    ly,lc=((2*THR)**E*((.5+.5*x/THR)**E-1).clamp_min(0)*sl for x in (y,c))
    d=ly-lc; d=d.sign()*(d.abs()-.25*torch.minimum(ly,lc)).clamp_min(0)
    a=((y+50)/(c+50))**1.2; a=torch.where(a<3,0.,a.clamp_max(12))
    relief=((tc+1e5)/1e7)**.04; T=WIDTH.sum(); out=[]
    for x,q in ((d,2),(d*a,1)):
        s=((WIDTH*x.abs())**q).sum(-1)/T
        f=(T*(s+1e-6).sqrt() if q==2 else T*s)/relief
        syl=((f.clamp_max(45).unfold(1,n,n//2)**6).mean(-1)+1e-6)**(1/6)
        out.append((syl.square().mean(1)+1e-6).sqrt())
    return (.1*out[0]+.0309*out[1]).item()
print('Sp',Q.B.Sp_16k,'Sl',Q.L.Sl_16k,'n',len(Q.THR), 'W', Q.WIDTH.sum(), 'thr', Q.THR[:8], Q.THR[-5:], 'corr', Q.B.pow_dens_correction_factor_16k[:5])
V={'table':None}
K=dict(cs=6.9e-4); S=scale(.43)
V|={'.43':(S,K),'noSil':(S,K|dict(sil=False)),'noSilExpo':(S,K|dict(sil=False,expo=False)),'n24':(S,K|dict(sil=False,n=24)),'cs1.5':(S,dict(cs=1.4e-3,sil=False)),'.4':(scale(.4),K|dict(sil=False)),'.46':(scale(.46),K|dict(sil=False)),'.43sl':(S,K|dict(sil=False,sl=.2))}
rows=[]
for f in sorted(os.listdir(D+'/noisy')):
    c,_=soundfile.read(D+'/clean/'+f,dtype='float32')
    for m in models:
        y,_=soundfile.read(f'/work/s12/out20/{m}/{f}',dtype='float32'); n=min(len(y),len(c))
        py,pc=(Q.power(torch.tensor(x[:n]*32768)[None]) for x in (y,c))
        rows.append([pesq_wb(y[:n],c[:n]), Q.distance(py,pc).item()]+[distance(py,pc,v[0],**v[1]) for k,v in V.items() if v])
X=np.array(rows).reshape(-1,len(models),len(V)+1); X[...,0]=-(4.6607-np.log(4/(X[...,0]-.999)-1))/1.4945
d=X-X.mean(1,keepdims=True)
for i,k in enumerate(V): print(k, X[...,i+1].mean().round(3),'within',np.corrcoef(d[...,0].ravel(),d[...,i+1].ravel())[0,1].round(3),'all',np.corrcoef(X[...,0].ravel(),X[...,i+1].ravel())[0,1].round(3))
print('pesq raw',X[...,0].mean())
