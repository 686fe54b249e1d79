"""30 pairs: asterisk en (g722, one speaker of no split), dev noises, -5..15 dB, 48 kHz, 6 s."""
import subprocess, numpy as np, soundfile, os, csv, glob
from scipy.signal import resample_poly
O='/work/s13/ood'; os.makedirs(O+'/noisy',exist_ok=True); os.makedirs(O+'/clean',exist_ok=True)
fs=sorted(f for f in glob.glob('/usr/share/asterisk/sounds/en*/*.g722') if 'silence' not in f and os.path.getsize(f)>16000)
fs=sorted({os.path.realpath(f) for f in fs}); rng=np.random.default_rng(1); print(len(fs))
rows=[r for r in csv.DictReader(open('/work/runs/corpus/corpus/clips.csv')) if r['kind']=='noise' and r['split']=='dev']
mm=np.memmap('/work/runs/corpus/corpus/noise.int16',np.int16,'r')
print(sorted({r['group'] for r in rows}))
for i in range(30):
    x=np.zeros(0,np.float32)
    while len(x)<96000+1:
        f=fs[rng.integers(len(fs))]; raw=subprocess.run(['ffmpeg','-v','error','-i',f,'-f','f32le','-ac','1','-ar','16000','-'],capture_output=True).stdout
        x=np.concatenate((x,np.frombuffer(raw,np.float32),np.zeros(4800,np.float32)))
    x=resample_poly(x[:96000],3,1)
    n=np.zeros(0)
    r=[q for q in rows]; g=sorted({q['group'] for q in r}); g=g[rng.integers(len(g))]; r=[q for q in r if q['group']==g]
    while len(n)<len(x):
        q=r[rng.integers(len(r))]; n=np.concatenate((n,mm[int(q['start']):int(q['start'])+int(q['n_samples'])]/32768.))
    n=n[:len(x)]; p=x.reshape(-1,480)**2; p=p.mean(1); act=p[p>1e-3*np.quantile(p,.98)].mean()
    snr=(-5,0,5,10,15)[i%5]; n=n*np.sqrt(act/np.mean(n**2)/10**(snr/10)); y=x+n; s=.5/max(np.abs(y).max(),np.abs(x).max())
    soundfile.write(f'{O}/noisy/{i:02d}_snr{snr}.wav',y*s,48000,subtype='FLOAT'); soundfile.write(f'{O}/clean/{i:02d}_snr{snr}.wav',x*s,48000,subtype='FLOAT')
