"""The training loss of percepnet_training.objectives, forward and backward by hand in C++.

One thread, AVX-512. Compiled by g++ at the first import (a few seconds), kept under the temporary
folder by the hash of the source. See the functions at the end: features, loss, recolour.
"""

import ctypes
import hashlib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, "/work/frozen7/py")
import numpy as np
import torch
from percepnet import constants as K
from percepnet.dsp.erb import BAND_WEIGHTS, LOWER_BANDS, PASSBAND
from percepnet_training import augmentation, enhancement, features as features_, loss as band_
from percepnet_training import objectives, perceptual_loss as perceptual, spectral_loss as spectral

N_BINS = enhancement.N_PASSED  # 401
_CONSTANTS = {
    "LF": K.LEVEL_FLOOR, "GF": K.GAIN_FLOOR, "BETA": K.POSTFILTER_BETA, "DF": K.DECAY_FLOOR,
    "MAXDECAY": K.MAX_DECAY, "MAXC": enhancement.MAX_CORRECTION, "OVER": K.OVERSHOOT,
    "AUDIBLE": objectives.AUDIBLE, "KNOWN": objectives.KNOWN_SHARE, "BINHZ": augmentation.BIN_HZ,
    "EXPO": spectral.EXPONENT / 2, "SFLOOR": 10 ** (spectral.FLOOR_DB / 10),
    "CSHARE": spectral.COMPLEX_SHARE, "GAPP": spectral.GAP_POWER, "GAPW": spectral.GAP_WEIGHT,
    "NSHARE": spectral.NOISE_SHARE, "COHF": features_._COHERENCE_FLOOR,
    "LEVF": features_._LEVEL_FLOOR, "BGEXP": band_.GAIN_EXPONENT, "BGF": band_.GAIN_FLOOR,
    "BLF": band_.LOUDNESS_FLOOR, "BFOURTH": band_.FOURTH_POWER, "BEF": band_.ENERGY_FLOOR,
    "MAXG": float(os.environ.get("MAXG", 1)), "RESTORE": float(os.environ.get("RESTORE", 1)),
    "RLOW": float(os.environ.get("RLOW", os.environ.get("RESTORE", 1))), "BTARGET": float(os.environ.get("BTARGET", 0)), "LOWW": float(os.environ.get("LOWW", 1)),
}  # fmt: skip

_SOURCE = r"""
#include <cmath>
#include <algorithm>
#include <vector>
typedef float v16 __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4), may_alias));
#define R __restrict__
#define BUF(name, n) alignas(64) float name[n]
constexpr int NB = 128, NK = 401, KP = 416, N8 = 161, P8 = 176, BP = 48, TP = 16;
constexpr int NSTAT = 16, NLOW = 52;
static inline float RS(int b) { return b < 52 ? (float)RLOW : (float)RESTORE; }
const float HALFPI = 1.57079632679489662f;

struct Sparse {
  std::vector<int> lo, hi;
  std::vector<v16> w;
  // out[o] = sum over i of m(i, o) in[i]; outputs padded to 16
  template <class F> void build(int n_in, int n_out, F m) {
    lo.clear(); hi.clear(); w.clear();
    for (int g = 0; g < (n_out + 15) / 16; ++g) {
      int a = n_in, b = 0;
      for (int i = 0; i < n_in; ++i)
        for (int o = 16 * g; o < std::min(n_out, 16 * g + 16); ++o)
          if (m(i, o) != 0) { a = std::min(a, i); b = std::max(b, i + 1); }
      if (b < a) b = a;
      lo.push_back(a); hi.push_back(b);
      for (int i = a; i < b; ++i) {
        v16 v = {};
        for (int o = 16 * g; o < std::min(n_out, 16 * g + 16); ++o) v[o - 16 * g] = m(i, o);
        w.push_back(v);
      }
    }
  }
  inline void operator()(const float* R in, float* R out) const {
    const v16* q = w.data();
    for (size_t g = 0; g < lo.size(); ++g) {
      int i = lo[g];
      const int n = hi[g];
      v16 a0 = {}, a1 = {}, a2 = {}, a3 = {};
      for (; i + 4 <= n; i += 4, q += 4) {
        a0 += q[0] * in[i]; a1 += q[1] * in[i + 1]; a2 += q[2] * in[i + 2]; a3 += q[3] * in[i + 3];
      }
      for (; i < n; ++i, ++q) a0 += q[0] * in[i];
      *(v16u*)(out + 16 * g) = (a0 + a1) + (a2 + a3);
    }
  }
};
static Sparse sums, curve, bark, barkT, thirds, thirdsT;
static int lower_[KP], upper_[KP], centres_[NB];
static float pass_[KP], binw_[KP];

extern "C" void fl_init(const float* W, const float* bk, const float* th, const int* lower,
                        const int* upper, const int* centres, const float* pass, const float* binw) {
  sums.build(NK, NB, [&](int i, int o) { return W[o * NK + i]; });
  curve.build(NB, NK, [&](int i, int o) { return W[i * NK + o]; });
  bark.build(N8, 45, [&](int i, int o) { return bk[o * N8 + i]; });
  barkT.build(45, N8, [&](int i, int o) { return bk[i * N8 + o]; });
  thirds.build(N8, 15, [&](int i, int o) { return th[o * N8 + i]; });
  thirdsT.build(15, N8, [&](int i, int o) { return th[i * N8 + o]; });
  for (int k = 0; k < KP; ++k) {
    lower_[k] = k < NK ? lower[k] : 0; upper_[k] = k < NK ? upper[k] : 0;
    pass_[k] = k < NK ? pass[k] : 0; binw_[k] = k < NK ? binw[k] : 0;
  }
  for (int b = 0; b < NB; ++b) centres_[b] = centres[b];
}

extern "C" void fl_energies(const float* sp, int W, int TA, int T, float* eN, float* eP, float* eC,
                            float* eX) {
  const size_t C = (size_t)W * TA * NK;
  BUF(p0, KP); BUF(p1, KP); BUF(p2, KP); BUF(p3, KP);
  for (int w = 0; w < W; ++w)
    for (int t = 0; t < TA; ++t) {
      const float* R n = sp + ((size_t)w * TA + t) * NK;
      const float *R m = n + C, *R p = n + 2 * C, *R q = n + 3 * C, *R c = n + 4 * C,
                  *R d = n + 5 * C;
      if (t < T) {
        for (int k = 0; k < NK; ++k) {
          p0[k] = n[k] * n[k] + m[k] * m[k];
          p1[k] = p[k] * p[k] + q[k] * q[k];
          p2[k] = c[k] * c[k] + d[k] * d[k];
          p3[k] = n[k] * p[k] + m[k] * q[k];
        }
        const size_t o = ((size_t)w * T + t) * NB;
        sums(p1, eP + o); sums(p2, eC + o); sums(p3, eX + o);
      } else
        for (int k = 0; k < NK; ++k) p0[k] = n[k] * n[k] + m[k] * m[k];
      sums(p0, eN + ((size_t)w * TA + t) * NB);
    }
}

static inline void levels(const float* R e, float* R out) {
  const float f = 0.5f * 0.43429448190325182765f;
  for (int b = 0; b < NB; ++b) out[b] = f * logf(e[b] + (float)LEVF) - 1.5f;
}

extern "C" void fl_features(const float* eN, const float* eP, const float* eX, const float* pitch,
                            int W, int TA, int T, float* out) {
  std::vector<float> lev((size_t)TA * NB);
  BUF(coh, NB); BUF(per, NB);
  for (int w = 0; w < W; ++w) {
    for (int t = 0; t < TA; ++t) levels(eN + ((size_t)w * TA + t) * NB, &lev[(size_t)t * NB]);
    for (int t = 0; t < T; ++t) {
      const float* R e = eN + ((size_t)w * TA + t) * NB;
      const size_t o = ((size_t)w * T + t) * NB;
      const float *R p = eP + o, *R x = eX + o;
      for (int b = 0; b < NB; ++b) coh[b] = 2 * x[b] / sqrtf(e[b] * p[b] + (float)COHF) - 1;
      levels(p, per);
      const float* l = &lev[(size_t)t * NB];
      float* R y = out + ((size_t)t * W + w) * 32 * 22;
      const float p0 = pitch[((size_t)w * T + t) * 2], p1 = pitch[((size_t)w * T + t) * 2 + 1];
      for (int g = 0; g < 32; ++g, y += 22) {
        for (int j = 0; j < 4; ++j) {
          y[j] = l[4 * g + j]; y[4 + j] = l[NB + 4 * g + j]; y[8 + j] = l[2 * NB + 4 * g + j];
          y[12 + j] = coh[4 * g + j]; y[16 + j] = per[4 * g + j];
        }
        y[20] = p0; y[21] = p1;
      }
    }
  }
}

struct Work {  // arrays, [W, T - skip, ...] unless told
  float *g, *s, *h, *warped, *common;  // [W, T, NB] but common [W, T], < 0: left alone
  float *mask, *A, *e1, *scale, *spec;  // [.., KP], spec [.., 2, KP]
  float *B, *got, *dband, *bE, *bC, *tE, *tC, *E, *dE;  // E, dE [2, W, TS, KP]
  double* stat;  // [W, NSTAT]
};

// stat: 0 magnitude 1 phase 2 normaliser 3 speech 4 noisy 5 error 6 clean to 8 kHz 7 noisy to 8 kHz
// 8 band weight 9 band sum
extern "C" void fl_forward(const Work* q, const float* sp, const float* gl, const float* sl,
                           const float* eN, const float* eC, const float* known,
                           const float* voice, const float* extra, int W, int TA, int T, int skip, float voice_weight) {
  const size_t C = (size_t)W * TA * NK;
  const int TS = T - skip;
  std::vector<float> cpow(TS);
  BUF(least, NB); BUF(heard, NB); BUF(pw, KP); BUF(pn, KP); BUF(cv, NB);
  BUF(c1, NB); BUF(ic, KP); BUF(mr, KP); BUF(mi, KP);
  for (int k = 0; k < KP; ++k) pw[k] = pn[k] = mr[k] = mi[k] = 0;
  for (int w = 0; w < W; ++w) {
    double* st = q->stat + (size_t)w * NSTAT;
    for (int i = 0; i < NSTAT; ++i) st[i] = 0;
    for (int b = 0; b < NB; ++b) least[b] = 0;
    for (int t = 0; t < T; ++t) {
      const size_t o = ((size_t)w * T + t) * NB;
      const float *R e = eN + ((size_t)w * TA + t) * NB, *R ne = e + NB;
      float *R g = q->g + o, *R s = q->s + o, *R h = q->h + o, *R wa = q->warped + o;
      const float *R G = gl + o, *R S = sl + o;
      float before = 0, after = 0;
      for (int b = 0; b < NB; ++b) {
        g[b] = (float)MAXG / (1 + expf(-std::max(G[b], -87.f)));
        s[b] = 1 / (1 + expf(-std::max(S[b], -87.f)));
      }
      for (int b = 0; b < NB; ++b) wa[b] = g[b] * sinf(HALFPI * std::min(g[b], 1.f));
      for (int b = 0; b < NB; ++b) {
        before += g[b] * g[b] * e[b];
        after += wa[b] * wa[b] * e[b];
      }
      float common = 1;
      const bool alone = after <= 1e-6f * before;
      if (!alone) {
        const float r = (before + (float)LF) / (after + (float)LF);
        common = sqrtf((1 + (float)BETA) * r / (1 + (float)BETA * r * r));
      }
      q->common[(size_t)w * T + t] = alone ? -1 : common;
      for (int b = 0; b < NB; ++b) {
        const float x = std::max(wa[b] * common, least[b]);
        h[b] = x;
        // kept only as the mark of free gains
        wa[b] = wa[b] * common >= least[b] ? 1.f : 0.f;
        least[b] = (float)MAXDECAY * std::min(x * ((e[b] + (float)DF) / (ne[b] + (float)DF)), 1.f);
      }
    }
    double call = 0, nall = 0;
    for (int t = 0; t < TS; ++t) {
      const size_t f = (size_t)w * TS + t;
      const float* R n = sp + ((size_t)w * TA + t + skip) * NK;
      const float *R m = n + C, *R c = n + 4 * C, *R d = n + 5 * C;
      const float* R e = eN + ((size_t)w * TA + t + skip) * NB;
      const float* R ec = eC + ((size_t)w * T + t + skip) * NB;
      float* R mask = q->mask + f * KP;
      const float top = (float)KNOWN * known[(size_t)w * T + t + skip];
      for (int b = 0; b < NB; ++b)
        heard[b] = std::max(e[b], ec[b]) > (float)AUDIBLE ? 1.f : 0.f;
      for (int k = 0; k < KP; ++k)
        mask[k] = (float)BINHZ * k <= top ? heard[lower_[k]] * heard[upper_[k]] : 0.f;
      for (int k = NK; k < KP; ++k) mask[k] = 0;
      float pc = 0, pnn = 0, mc = 0, mn = 0, c8 = 0, n8 = 0, mw = 0;
      for (int k = 0; k < NK; ++k) {
        const float x = c[k] * c[k] + d[k] * d[k], y = n[k] * n[k] + m[k] * m[k];
        pc += x; pnn += y;
        pw[k] = x * mask[k]; pn[k] = y * mask[k];
        mc += pw[k]; mn += pn[k]; mw += mask[k] * binw_[k];
      }
      for (int k = 0; k < N8; ++k) { c8 += pw[k]; n8 += pn[k]; }
      cpow[t] = pc;
      call += pc; nall += pnn;
      st[2] += mw; st[3] += mc; st[4] += mn; st[6] += c8; st[7] += n8;
      bark(pw, q->bC + f * BP);
      thirds(pw, q->tC + f * TP);
    }
    const double count = (double)TS * NK;
    const float sc2 = 1 / (float)(call / count + NSHARE * nall / count + 1e-12), sc = sqrtf(sc2);
    for (int t = 0; t < TS; ++t) {
      const size_t f = (size_t)w * TS + t;
      const float* R n = sp + ((size_t)w * TA + t + skip) * NK;
      const float *R m = n + C, *R pr = n + 2 * C, *R pi = n + 3 * C, *R c = n + 4 * C,
                  *R d = n + 5 * C;
      const float* R e = eN + ((size_t)w * TA + t + skip) * NB;
      const size_t o = ((size_t)w * T + t + skip) * NB;
      const float *R h = q->h + o, *R mask = q->mask + f * KP;
      float *R A = q->A + f * KP, *R e1 = q->e1 + f * KP, *R sl_ = q->scale + f * KP;
      float *R B = q->B + f * NB, *R got = q->got + f * NB;
      float *R sr = q->spec + f * 2 * KP, *R si = sr + KP;
      curve(q->s + o, A);
      for (int k = 0; k < NK; ++k) {
        mr[k] = n[k] + (pr[k] - n[k]) * A[k];
        mi[k] = m[k] + (pi[k] - m[k]) * A[k];
      }
      if (extra) {
        const float* R xr = extra + ((size_t)w * T + t + skip) * NLOW, *R xi = xr + (size_t)W * T * NLOW;
        for (int k = 0; k < NLOW; ++k) { mr[k + 1] += xr[k]; mi[k + 1] += xi[k]; }
      }
      for (int k = 0; k < NK; ++k) pw[k] = mr[k] * mr[k] + mi[k] * mi[k];
      sums(pw, B);
      const float* R g = q->g + o;
      const float* R ec = eC + ((size_t)w * T + t + skip) * NB;
      float* R db = q->dband + f * NB;
      const float fw = 1 + voice_weight * voice[(size_t)w * T + t + skip];
      float ws = 0, ls = 0;
      for (int b = 0; b < NB; ++b) cv[b] = mask[centres_[b]] * fw;
      for (int b = 0; b < NB; ++b) {
        const float target =
            std::min(sqrtf((ec[b] + (float)BEF) / ((BTARGET > 0 ? B[b] : e[b]) + (float)BEF)), (float)MAXG);
        const float gb = g[b] + (float)BGF;
        const float x = expf((float)BGEXP * logf(gb));
        const float y = expf((float)BGEXP * logf(target + (float)BGF));
        const float z = y - x, im = 1 / (std::max(x, y) + (float)BLF), D = z * z * im;
        ws += cv[b];
        ls += cv[b] * (D + (float)BFOURTH * D * D);
        const float dx = (1 + 2 * (float)BFOURTH * D) * (-2 * z * im - (x > y ? D * im : 0.f));
        db[b] = cv[b] * dx * (float)BGEXP * x / gb;
      }
      st[8] += ws; st[9] += ls;
      for (int b = 0; b < NB; ++b) {
        const float u = logf((e[b] + (float)LF) / (B[b] + (float)LF));
        c1[b] = RS(b) * std::min(std::max(u, -(float)MAXC), (float)MAXC) + logf(h[b] * h[b] + (float)GF);
      }
      curve(c1, ic);
      for (int k = 0; k < KP; ++k) {
        e1[k] = expf(ic[k]);
        pn[k] = pw[k] * e1[k];
      }
      sums(pn, got);
      for (int b = 0; b < NB; ++b) {
        const float u =
            logf(((h[b] * h[b] + (float)GF) * (RS(b) > 0 ? e[b] : B[b]) + (float)LF) / (got[b] + (float)LF));
        c1[b] = 0.5f * (c1[b] + (float)OVER * std::min(std::max(u, -(float)MAXC), (float)MAXC));
      }
      curve(c1, ic);
      for (int k = 0; k < KP; ++k) sl_[k] = expf(ic[k]) * pass_[k];
      const float gap = cpow[t] * sc2 / NK < (float)GAPP ? (float)GAPW : 1.f;
      float mag = 0, ph = 0, er = 0;
      float *R Er = q->E + f * KP, *R Ei = Er + (size_t)W * TS * KP;
      const float cs = (float)EXPO - 0.5f;
      for (int k = 0; k < NK; ++k) {
        const float x = mr[k] * sl_[k], y = mi[k] * sl_[k];
        Er[k] = x; Ei[k] = y;
        const float ex = x - c[k], ey = y - d[k];
        er += mask[k] * (ex * ex + ey * ey);
        pw[k] = (x * x + y * y) * mask[k];
        const float X = x * sc, Y = y * sc, P = X * X + Y * Y + (float)SFLOOR;
        const float U = c[k] * sc, V = d[k] * sc, Q = U * U + V * V + (float)SFLOOR;
        const float size = expf((float)EXPO * logf(P)), want = expf((float)EXPO * logf(Q));
        const float ff = size / sqrtf(P), fq = want / sqrtf(Q), iP = 1 / P;
        const float a = X * ff - U * fq, b = Y * ff - V * fq;
        const float wt = mask[k] * binw_[k] * gap, z = size - want;
        mag += wt * z * z;
        ph += wt * (a * a + b * b);
        const float ds = 2 * (1 - (float)CSHARE) * wt * z, dc = 2 * (float)CSHARE * wt;
        const float dP = 2 * iP * (ds * (float)EXPO * size + dc * (a * X + b * Y) * cs * ff);
        sr[k] = sc * (dc * a * ff + X * dP);
        si[k] = sc * (dc * b * ff + Y * dP);
      }
      st[0] += mag; st[1] += ph; st[5] += er;
      bark(pw, q->bE + f * BP);
      thirds(pw, q->tE + f * TP);
    }
  }
}

extern "C" void fl_backward(const Work* q, const float* sp, const float* eN, const double* fsig,
                            const double* ferr, double fband, const float* dbE, const float* dtE, const float* extra,
                            int W, int TA, int T, int skip, float* dgl, float* dsl, float* dextra) {
  const size_t C = (size_t)W * TA * NK;
  const int TS = T - skip;
  BUF(mr, KP); BUF(mi, KP); BUF(p, KP); BUF(dr, KP); BUF(di, KP); BUF(x, KP); BUF(y, KP);
  BUF(d8, KP); BUF(t8, P8); BUF(dc, NB); BUF(dd, NB); BUF(dsq, NB); BUF(dB, NB); BUF(dh, NB);
  BUF(wr, NB); BUF(dw, NB);
  for (int k = 0; k < KP; ++k) mr[k] = mi[k] = p[k] = dr[k] = di[k] = x[k] = y[k] = d8[k] = 0;
  for (int w = 0; w < W; ++w) {
    const size_t z = (size_t)w * T * NB;
    for (int i = 0; i < skip * NB; ++i) dgl[z + i] = dsl[z + i] = 0;
    const float fs = fsig[w], fe = 2 * ferr[w], fb = fband;
    for (int t = 0; t < TS; ++t) {
      const size_t f = (size_t)w * TS + t;
      const float* R n = sp + ((size_t)w * TA + t + skip) * NK;
      const float *R m = n + C, *R pr = n + 2 * C, *R pi = n + 3 * C, *R c = n + 4 * C,
                  *R d = n + 5 * C;
      const float* R e = eN + ((size_t)w * TA + t + skip) * NB;
      const size_t o = ((size_t)w * T + t + skip) * NB;
      const float *R h = q->h + o, *R g = q->g + o, *R s = q->s + o, *R fr = q->warped + o;
      const float *R mask = q->mask + f * KP, *R A = q->A + f * KP, *R e1 = q->e1 + f * KP,
                  *R sl = q->scale + f * KP, *R sr = q->spec + f * 2 * KP, *R si = sr + KP;
      const float *R B = q->B + f * NB, *R got = q->got + f * NB, *R db = q->dband + f * NB;
      const float *R Er = q->dE + f * KP, *R Ei = Er + (size_t)W * TS * KP;
      barkT(dbE + f * BP, d8);
      thirdsT(dtE + f * TP, t8);
      for (int k = 0; k < P8; ++k) d8[k] = 2 * (d8[k] + t8[k]);
      for (int k = 0; k < NK; ++k) {
        mr[k] = n[k] + (pr[k] - n[k]) * A[k];
        mi[k] = m[k] + (pi[k] - m[k]) * A[k];
      }
      if (extra) {
        const float* R xr = extra + ((size_t)w * T + t + skip) * NLOW, *R xi = xr + (size_t)W * T * NLOW;
        for (int k = 0; k < NLOW; ++k) { mr[k + 1] += xr[k]; mi[k + 1] += xi[k]; }
      }
      for (int k = 0; k < NK; ++k) {
        p[k] = mr[k] * mr[k] + mi[k] * mi[k];
        const float ex = mr[k] * sl[k], ey = mi[k] * sl[k];
        const float gx = sr[k] * fs + mask[k] * (fe * (ex - c[k]) + ex * d8[k]) + Er[k];
        const float gy = si[k] * fs + mask[k] * (fe * (ey - d[k]) + ey * d8[k]) + Ei[k];
        x[k] = 0.5f * (gx * ex + gy * ey);
        dr[k] = gx * sl[k];
        di[k] = gy * sl[k];
      }
      sums(x, dc);
      for (int b = 0; b < NB; ++b) {
        const float sq = h[b] * h[b] + (float)GF;
        const float base = RS(b) > 0 ? e[b] : B[b];
        const float num = sq * base + (float)LF, den = got[b] + (float)LF;
        // The clamp lets the slope through where the logarithm of the ratio is in range
        const float r = num / den;
        const float du = r <= expf((float)MAXC) && r >= expf(-(float)MAXC) ? (float)OVER * dc[b] : 0;
        dsq[b] = du * base / num;
        dB[b] = RS(b) > 0 ? 0.f : du * sq / num;
        dd[b] = -du / den;
      }
      curve(dd, y);
      for (int k = 0; k < NK; ++k) {
        y[k] *= e1[k];
        x[k] = y[k] * p[k];
      }
      sums(x, dd);
      for (int b = 0; b < NB; ++b) {
        const float all = dc[b] + dd[b], den = B[b] + (float)LF;
        const float r = (e[b] + (float)LF) / den;
        const float du = r <= expf((float)MAXC) && r >= expf(-(float)MAXC) ? all : 0;
        dsq[b] += all / (h[b] * h[b] + (float)GF);
        dB[b] -= RS(b) * du / den;
        dh[b] = 2 * h[b] * dsq[b] * fr[b];
      }
      curve(dB, x);
      for (int k = 0; k < NK; ++k) {
        const float dP = 2 * (x[k] + y[k]);
        if (k && k <= NLOW && dextra) {
          float* R gr = dextra + ((size_t)w * T + t + skip) * NLOW - 1;
          gr[k] = dr[k] + dP * mr[k]; gr[(size_t)W * T * NLOW + k] = di[k] + dP * mi[k];
        }
        x[k] = (dr[k] + dP * mr[k]) * (pr[k] - n[k]) + (di[k] + dP * mi[k]) * (pi[k] - m[k]);
      }
      sums(x, dd);
      float* R ds = dsl + o;
      float* R dg = dgl + o;
      for (int b = 0; b < NB; ++b) ds[b] = dd[b] * s[b] * (1 - s[b]);
      for (int b = 0; b < NB; ++b) {
        const float sn = sinf(HALFPI * std::min(g[b], 1.f)), co = g[b] < 1 ? cosf(HALFPI * g[b]) : 0.f;
        wr[b] = g[b] * sn;
        dw[b] = sn + g[b] * HALFPI * co;
      }
      float common = q->common[(size_t)w * T + t + skip], dbefore = 0, dafter = 0;
      if (common < 0) common = 1;
      else {
        float dcom = 0, before = 0, after = 0;
        for (int b = 0; b < NB; ++b) {
          dcom += dh[b] * wr[b];
          before += g[b] * g[b] * e[b];
          after += wr[b] * wr[b] * e[b];
        }
        const float den = after + (float)LF, r = (before + (float)LF) / den;
        const float q_ = 1 + (float)BETA * r * r;
        const float d_r = dcom * common * 0.5f * (1 / r - 2 * (float)BETA * r / q_);
        dbefore = 2 * d_r / den;
        dafter = -2 * d_r * r / den;
      }
      for (int b = 0; b < NB; ++b) {
        const float dwr = dh[b] * common + dafter * wr[b] * e[b];
        dg[b] = (dwr * dw[b] + dbefore * g[b] * e[b] + fb * db[b]) * g[b] * (1 - g[b] / (float)MAXG);
      }
    }
  }
}

extern "C" void fl_scale(float* sp, const float* factors, int W, int TA) {
  for (int j = 0; j < 6; ++j)
    for (int w = 0; w < W; ++w) {
      const float* R f = factors + w * NK;
      for (int t = 0; t < TA; ++t) {
        float* R s = sp + (((size_t)j * W + w) * TA + t) * NK;
        for (int k = 0; k < NK; ++k) s[k] *= f[k];
      }
    }
}
"""


def _library():
    prelude = "".join(f"constexpr double {k} = {float(v)!r};\n" for k, v in _CONSTANTS.items())
    flags = "-O3 -march=native -mprefer-vector-width=512 -ffast-math -std=c++17 -fPIC -shared"
    with open("/proc/cpuinfo") as file:
        cpu = next(line for line in file if line.startswith("flags"))
    name = hashlib.sha1((prelude + _SOURCE + flags + cpu).encode()).hexdigest()[:16]
    folder = os.path.join(tempfile.gettempdir(), f"fastloss-{os.getuid()}")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{name}.so")
    if not os.path.exists(path):
        mine = f"{path}.{os.getpid()}"
        with open(mine + ".cpp", "w") as file:
            file.write(prelude + _SOURCE)
        subprocess.run(["g++", *flags.split(), mine + ".cpp", "-o", mine, "-lmvec", "-lm"], check=True)
        os.unlink(mine + ".cpp")
        os.replace(mine, path)
    return ctypes.CDLL(path)


import timeloss
_LIB = _library()
_WORK = ("g s h warped common mask A e1 scale spec B got dband bE bC tE tC E dE stat").split()


class _Work(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in _WORK]


def _p(array):
    address = array.ctypes.data if isinstance(array, np.ndarray) else array.data_ptr()
    return ctypes.c_void_p(address)


def _init():
    f32 = lambda a: np.ascontiguousarray(a, np.float32)
    i32 = lambda a: np.ascontiguousarray(a, np.int32)
    scales = perceptual._SCALES
    bark = torch.cat((scales.bark, scales.level[None])).numpy()
    arrays = (
        f32(BAND_WEIGHTS[:, :N_BINS]), f32(bark), f32(scales.thirds.numpy()),
        i32(objectives._LOWER.numpy()), i32(objectives._UPPER.numpy()), i32(K.BAND_CENTRES),
        f32(PASSBAND[:N_BINS]), f32(spectral._BIN_WEIGHTS.numpy() * np.where(np.arange(N_BINS) < 20, _CONSTANTS["LOWW"], 1)),
    )  # fmt: skip
    assert bark.shape == (45, 161) and len(K.BAND_CENTRES) == 128 and N_BINS == 401
    _LIB.fl_init(*map(_p, arrays))


_init()
_N_BARK, _N_THIRDS = 44, perceptual.N_THIRDS


def recolour(rng, batch, colour_db):
    """As augmentation.recoloured, same draws of ``rng``; the batch's spectra change in place."""
    A = augmentation
    spectra = batch.spectra
    assert spectra.is_contiguous() and spectra.dtype == torch.float32
    n_windows = spectra.shape[2]
    level_db = rng.uniform(-A.LEVEL_DB, A.LEVEL_DB, n_windows)
    tilt_db = rng.normal(0, 1, n_windows)
    bumps = rng.normal(0, 1, (n_windows, len(A._KNOTS) + A.SMOOTH_KNOTS - 1))
    kernel = np.hanning(A.SMOOTH_KNOTS + 2)[1:-1]
    kernel /= np.sqrt(np.sum(kernel**2))
    tilt = np.linspace(-1, 1, len(A._KNOTS))
    responses = [
        np.interp(A._PLACES, A._KNOTS, colour_db * (tilt * share + np.convolve(row, kernel, "valid")))
        for share, row in zip(tilt_db, bumps, strict=True)
    ]
    factors = 10 ** ((np.stack(responses) + level_db[:, np.newaxis]) / 20)
    factors = np.ascontiguousarray(factors, np.float32)
    _LIB.fl_scale(_p(spectra), _p(factors), n_windows, spectra.shape[3])
    return batch


def energies(batch):
    """As objectives._energies: noisy (with the look-ahead), periodic, clean; correlation."""
    spectra = batch.spectra
    assert spectra.is_contiguous() and spectra.dtype == torch.float32
    _, _, n_windows, n_all, n_bins = spectra.shape
    assert n_bins == N_BINS
    n = n_all - K.LOOKAHEAD_HOPS
    out = [torch.empty(n_windows, length, K.N_BANDS) for length in (n_all, n, n, n)]
    _LIB.fl_energies(_p(spectra), n_windows, n_all, n, *map(_p, out))
    return out


def features(batch):
    """(features [n_frames, n_windows, N_GROUPS, N_GROUP_FEATURES], energies)."""
    got = energies(batch)
    noisy, periodic, _, correlation = got
    n_windows, n, _ = periodic.shape
    pitch = batch.pitch.contiguous()
    out = torch.empty(n, n_windows, K.N_GROUPS, 22)
    _LIB.fl_features(
        _p(noisy), _p(periodic), _p(correlation), _p(pitch), n_windows, noisy.shape[1], n, _p(out)
    )
    if K.N_GROUP_FEATURES > 22: out = torch.cat((out, advances(batch)), 3)
    return out, got


N_LOW = 52
PAST = int(os.environ.get('PAST', 2))
TAPS = tuple(range(-PAST, 3))
LAGS = tuple(t for t in TAPS if t)
TSCALE = float(os.environ.get('TSCALE', .25))


def low_frames(batch, lags):
    """Low bins of the noisy frames around each: [n_windows, n, N_LOW] complex per lag."""
    low = batch.spectra[0, ..., 1 : 1 + N_LOW]
    X = torch.complex(low[0], low[1])
    n = X.shape[1] - K.LOOKAHEAD_HOPS
    X = torch.cat((torch.zeros_like(X[:, :PAST]), X), 1)
    return [X[:, PAST + lag : PAST + lag + n] for lag in lags]


def advances(batch):
    now, *others = low_frames(batch, (0, *LAGS))
    size = now.abs()
    out = []
    for other in others:
        unit = other * now.conj() / (other.abs() * size + 1e-3)
        for part in (unit.real, unit.imag):
            out.append(part.transpose(0, 1).unflatten(2, (N_LOW // 4, 4)))
    out = torch.cat(out, 3)
    full = out.new_zeros(*out.shape[:2], K.N_GROUPS, out.shape[3])
    full[:, :, : N_LOW // 4] = out
    return full


def filtered(batch, taps):
    """What the taps [n_windows, n, N_LOW, n_taps, 2] add to the mixed spectrum: [2, n_windows, n, N_LOW]."""
    taps = torch.view_as_complex(taps.contiguous())
    total = sum(taps[..., i] * x for i, x in enumerate(low_frames(batch, TAPS)))
    return torch.stack((total.real, total.imag)).contiguous()


class _Given(torch.autograd.Function):
    """A loss whose gradients are known already."""

    @staticmethod
    def forward(ctx, gains, strengths, voice, value, sg, ss, sv, extra, se):
        ctx.save_for_backward(sg, ss, sv, *((se,) if se is not None else ()))
        return value.clone()

    @staticmethod
    def backward(ctx, slope):
        s = [slope * each for each in ctx.saved_tensors]
        return (*s[:3], None, None, None, None, s[3] if len(s) > 3 else None, None)


def _loudness_distance(enhanced, clean):
    """As perceptual_loss._loudness_distance, of Bark powers and, last, the level's."""
    P = perceptual
    scales = P._SCALES
    enhanced, clean = (
        part[..., :_N_BARK]
        * (P.LEVEL_POWER / (part[..., _N_BARK].mean(1) + P.QUIET_POWER))[:, None, None]
        for part in (enhanced, clean)
    )
    enhanced = enhanced * P._frame_gains(enhanced, clean)[..., None]
    loud, wanted = (P._loudness(power, scales.thresholds) for power in (enhanced, clean))
    difference = loud - wanted
    size = (difference.abs() - P.DEAD_ZONE * torch.minimum(loud, wanted)).clamp_min(0)
    added = ((enhanced + P.ADDED_FLOOR) / (clean + P.ADDED_FLOOR)) ** P.ADDED_EXPONENT
    least, most = P.ADDED_RANGE
    added = torch.where(added < least, 0.0, added.clamp_max(most))
    floor, reference, exponent = P.LOUD_FRAME
    relief = ((clean.sum(-1) + floor) / reference) ** exponent
    distances = []
    total = scales.bark_widths.sum()
    wide = scales.bark_widths * size
    for summed, power in ((wide.square().sum(-1), 2), ((wide * added).sum(-1), 1)):
        frame = summed / total + P.FLOOR
        frame = total * (frame.sqrt() if power == 2 else frame) / relief
        syllables = frame.clamp_max(P.MAX_DISTURBANCE).unfold(1, P.SYLLABLE, P.SYLLABLE // 2)
        worst = ((syllables**P.SYLLABLE_POWER).mean(-1) + P.FLOOR) ** (1 / P.SYLLABLE_POWER)
        distances.append(worst.square().mean(1).sqrt())
    return P.SYMMETRIC_WEIGHT * distances[0] + P.ADDED_WEIGHT * distances[1]


def _envelope_correlation(enhanced, clean):
    """As perceptual_loss._envelope_correlation, of powers [n_windows, n_frames, N_THIRDS]."""
    P = perceptual
    enhanced, clean = (
        (part.transpose(1, 2) + P.QUIET_POWER).sqrt().unfold(2, P.SEGMENT, P.SEGMENT_STEP)
        for part in (enhanced, clean)
    )
    clean_energy = clean.square().sum(3)
    energy = clean_energy.sum(1)
    rated = (energy > P.QUIET_SEGMENT * energy.amax(1, keepdim=True)).float()
    scale = (clean_energy / enhanced.square().sum(3)).sqrt()[..., None]
    enhanced = torch.minimum(enhanced * scale, P.MAX_ENVELOPE * clean)
    enhanced, clean = (part - part.mean(-1, keepdim=True) for part in (enhanced, clean))
    norms = enhanced.norm(dim=-1) * clean.norm(dim=-1)
    correlation = ((enhanced * clean).sum(-1) / (norms + P.QUIET_POWER)).mean(1)
    return (correlation * rated).sum(1) / rated.sum(1).clamp_min(1)


LISTEN = None
RNG = np.random.default_rng(5); EV = np.random.default_rng(1)


def ask(E, clean, mask, speech, w):
    global LISTEN
    from percepnet_training import opinion as O
    if LISTEN is None: LISTEN = O.Listeners('cpu')
    n = int(getattr(w, 'n_rated', 4))
    index = torch.from_numpy(RNG.permutation(E.shape[1])[:n] if torch.is_grad_enabled() else np.arange(E.shape[1]))
    if E.requires_grad:
        E = E[:, index]; size = E.detach().norm(dim=0)
        def limited(g):
            unit = w.opinion_weight / len(index)
            r = g.norm(dim=0) * size / unit
            g = g * (.4 / r.clamp_min(.4))
            n = (r.clamp_max(.4)).flatten(1).norm(dim=1)
            return g * (2.4 / n.clamp_min(2.4))[None, :, None, None]
        E.register_hook(limited)
    else: E = E[:, index]
    # what is unknown above a narrow clip's bandwidth: as the clean one has it, nothing
    E = E * mask[index]; clean = clean[:, index]
    levels = torch.from_numpy(10 ** ((RNG.uniform(-32, -20, len(index)) if torch.is_grad_enabled() else np.full(len(index), -26.)) / 20)).float()
    rms = O.wide_band_signals(clean).square().mean(1).sqrt()
    signals = O.wide_band_signals(E) * (levels / rms)[:, None]
    with torch.autocast('cpu', torch.bfloat16):
        r = LISTEN(signals.clamp(-1, 1))
    m = torch.tensor(getattr(w, 'opinions', [0., 0., 1.]))
    return (r @ m).mean()


def loss(answers, batch, energies, w, extra=None):
    """Loss of a network's answers and its parts, as objectives.Objective.loss without opinion."""
    gains, strengths, voice = (part.float().contiguous() for part in answers)
    wants_slopes = torch.is_grad_enabled() and any(a.requires_grad for a in answers)
    n_windows, T, n_bands = gains.shape
    skip = w.n_warmup_frames
    TS = T - skip
    spectra, (noisy_energy, _, clean_energy, _) = batch.spectra, energies
    TA = spectra.shape[3]
    assert T == w.n_frames == TA - K.LOOKAHEAD_HOPS and spectra.is_contiguous()
    assert T == clean_energy.shape[1] and noisy_energy.shape[1] == TA
    known, spoken = batch.known_hz.contiguous(), batch.voice.contiguous()
    empty = lambda *shape: torch.empty(n_windows, *shape)
    arrays = {name: empty(T, n_bands) for name in ("g", "s", "h", "warped")}
    arrays["common"] = empty(T)
    arrays |= {name: empty(TS, 416) for name in ("mask", "A", "e1", "scale")}
    arrays["spec"] = empty(TS, 2, 416)
    arrays["E"], arrays["dE"] = torch.empty(2, n_windows, TS, 416), torch.zeros(2, n_windows, TS, 416)
    arrays |= {name: empty(TS, n_bands) for name in ("B", "got", "dband")}
    arrays |= {name: empty(TS, 48) for name in ("bE", "bC")}
    arrays |= {name: empty(TS, 16) for name in ("tE", "tC")}
    stat = np.empty((n_windows, 16))
    work = _Work(**{name: _p(array) for name, array in arrays.items()}, stat=_p(stat))
    sizes = (n_windows, TA, T, skip)
    _LIB.fl_forward(
        ctypes.byref(work), _p(spectra), _p(gains.detach()), _p(strengths.detach()),
        _p(noisy_energy), _p(clean_energy), _p(known), _p(spoken), ctypes.c_void_p(extra.detach().data_ptr()) if extra is not None else None, *sizes,
        ctypes.c_float(w.voice_weight),
    )  # fmt: skip

    # By window, in float64
    normaliser = np.maximum(stat[:, 2], 1) / band_.EAR_BANDS
    magnitude, phase = stat[:, 0] / normaliser, stat[:, 1] / normaliser
    signal = (1 - spectral.COMPLEX_SHARE) * magnitude + spectral.COMPLEX_SHARE * phase
    damped = 1 / (1 + signal / w.max_signal)
    speech, noisy, error = stat[:, 3:6].T
    rated = speech > spectral.NOISE_SHARE * noisy + spectral.QUIET_SUM
    safe, n_rated = np.where(rated, speech, 1), max(1, rated.sum())
    ratio = error / safe + spectral.ERROR_FLOOR
    error_db = np.sum(rated * 10 * np.log10(ratio)) / n_rated
    error_slope = rated * 10 / np.log(10) / ratio / safe / n_rated
    band_normaliser = max(stat[:, 8].sum(), 1) / band_.EAR_BANDS
    clean8, noisy8 = stat[:, 6:8].T / (TS * 161)
    heard = clean8 > perceptual.SPEECH_SHARE * noisy8 + perceptual.QUIET_POWER

    loudness = envelope = opinion = 0.0
    slopes = [torch.zeros_like(arrays[name]) for name in ("bE", "tE")]
    chosen = np.flatnonzero(heard)
    if len(chosen):
        index = torch.from_numpy(chosen)
        clean = spectra[2][:, index, skip:T]
        mask = arrays["mask"][index, :, :N_BINS]
        E = arrays["E"][:, index][..., :N_BINS].clone()
        with torch.set_grad_enabled(wants_slopes):
            E.requires_grad_(wants_slopes)
            loud, env = timeloss.losses(E, clean, mask)
            loudness, envelope = loud.item(), env.item()
            total = w.loudness_weight * loud + w.envelope_weight * env
            if w.opinion_weight:
                wide = torch.nonzero(known[index].amin(1) >= 8400)[:, 0]
                if len(wide):
                    op = ask(E[:, wide], spectra[2][:, index[wide], skip:T], mask[wide], None, w)
                    opinion = op.item(); total = total - w.opinion_weight * op
            if wants_slopes:
                (found,) = torch.autograd.grad(total, E)
                arrays["dE"][:, index, :, :N_BINS] = found

    heard_voice, target = voice.detach()[:, skip:], spoken[:, skip:]
    detection = torch.nn.functional.binary_cross_entropy_with_logits(heard_voice, target).item()
    parts = {
        "magnitude": float(magnitude.mean()),
        "complex": float(phase.mean()),
        "loudness": loudness,
        "envelope": envelope,
        "error": float(error_db),
        "band": float(stat[:, 9].sum() / band_normaliser),
        "detection": detection,
        "opinion": opinion,
    }
    value = -w.opinion_weight * opinion + w.signal_weight * float((signal * damped).mean())
    for name in ("loudness", "envelope", "error", "band", "detection"):
        value += getattr(w, f"{name}_weight") * parts[name]
    # -ffast-math knows no NaN
    is_sane = all(np.isfinite(part.detach().sum().item()) for part in (gains, strengths, voice))
    value = torch.tensor(value if is_sane else np.nan, dtype=torch.float32)
    if not wants_slopes:
        return value, parts

    signal_slope = w.signal_weight / n_windows * damped / normaliser
    gain_slope, strength_slope = torch.empty_like(gains), torch.empty_like(strengths)
    extra_slope = torch.zeros_like(extra) if extra is not None else None
    _LIB.fl_backward(
        ctypes.byref(work), _p(spectra), _p(noisy_energy), _p(np.ascontiguousarray(signal_slope)),
        _p(np.ascontiguousarray(w.error_weight * error_slope)),
        ctypes.c_double(w.band_weight / band_normaliser), *map(_p, slopes), ctypes.c_void_p(extra.detach().data_ptr()) if extra is not None else None, *sizes,
        _p(gain_slope), _p(strength_slope), _p(extra_slope) if extra is not None else None,
    )  # fmt: skip
    voice_slope = torch.zeros_like(voice)
    voice_slope[:, skip:] = (torch.sigmoid(heard_voice) - target) * (
        w.detection_weight / target.numel()
    )
    if not is_sane:
        gain_slope.fill_(np.nan), strength_slope.fill_(np.nan)
    value = _Given.apply(
        gains, strengths, voice, value, gain_slope, strength_slope, voice_slope, extra, extra_slope
    )
    return value, parts
