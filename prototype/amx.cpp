#include <torch/extension.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include <vector>
typedef uint16_t b16;
using at::Tensor;

static bool permit() { return true; }
struct Op { const b16* a; int64_t sa; int kt; const b16* w; int64_t step; };  // sa in bytes; step between k tiles in elements

// R rows x C column tiles: out = init + sum over ops; weights of column c are col elements further
template <int R, int C> static inline __attribute__((always_inline)) void chain_(const float* init, int64_t ldi, float* out, int64_t ldo, int64_t cstep, const Op* ops, int n_ops, int64_t col) {
  __m512 acc[R][C];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) acc[i][c] = init ? _mm512_loadu_ps(init + i * ldi + c * 16) : _mm512_setzero_ps();
  for (int o = 0; o < n_ops; o++) {
    const b16* w = ops[o].w; const char* a = (const char*)ops[o].a; int64_t sa = ops[o].sa;
    for (int k = 0; k < ops[o].kt; k++, w += ops[o].step, a += 64) {
      for (int p = 0; p < 16; p++) {
        __m512bh b[C];
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) b[c] = (__m512bh)_mm512_loadu_si512(w + c * col + p * 32);
#pragma GCC unroll 16
        for (int i = 0; i < R; i++) {
          __m512bh v = (__m512bh)_mm512_set1_epi32(*(const int*)(a + i * sa + 4 * p));
#pragma GCC unroll 4
          for (int c = 0; c < C; c++) acc[i][c] = _mm512_dpbf16_ps(acc[i][c], v, b[c]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) _mm512_storeu_ps(out + i * ldo + c * cstep, acc[i][c]);
}
// nr rows, one or two column tiles
template <int C> static void chain(int nr, const float* init, int64_t ldi, float* out, int64_t ldo, int64_t cstep, const Op* ops, int n_ops, int64_t col) {
  if (nr == 16) {
    if (C == 1) return chain_<16, 1>(init, ldi, out, ldo, cstep, ops, n_ops, col);
    Op h[8]; for (int o = 0; o < n_ops; o++) { h[o] = ops[o]; h[o].a = (const b16*)((const char*)ops[o].a + 8 * ops[o].sa); }
    chain_<8, C>(init, ldi, out, ldo, cstep, ops, n_ops, col);
    return chain_<8, C>(init ? init + 8 * ldi : nullptr, ldi, out + 8 * ldo, ldo, cstep, h, n_ops, col);
  }
  if (nr == 8) return chain_<8, C>(init, ldi, out, ldo, cstep, ops, n_ops, col);
  Op h[8]; for (int o = 0; o < n_ops; o++) h[o] = ops[o];
  for (int i = 0; i < nr; i++) {
    chain_<1, C>(init ? init + i * ldi : nullptr, ldi, out + i * ldo, ldo, cstep, h, n_ops, col);
    for (int o = 0; o < n_ops; o++) h[o].a = (const b16*)((const char*)h[o].a + ops[o].sa);
  }
}

static inline __m512 tanh_ps(__m512 x) {
  x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(10.f)), _mm512_set1_ps(-10.f));
  __m512 s = _mm512_mul_ps(x, x);
  __m512 t = _mm512_fmadd_ps(s, _mm512_fmadd_ps(s, _mm512_set1_ps(0.60863042f), _mm512_set1_ps(96.39235687f)), _mm512_set1_ps(952.52801514f));
  __m512 d = _mm512_fmadd_ps(s, _mm512_fmadd_ps(s, _mm512_set1_ps(11.88600922f), _mm512_set1_ps(413.36801147f)), _mm512_set1_ps(952.72399902f));
  __m512 r = _mm512_rcp14_ps(d);
  r = _mm512_mul_ps(r, _mm512_fnmadd_ps(d, r, _mm512_set1_ps(2.f)));
  __m512 y = _mm512_mul_ps(_mm512_mul_ps(x, t), r);
  return _mm512_max_ps(_mm512_min_ps(y, _mm512_set1_ps(1.f)), _mm512_set1_ps(-1.f));
}
static inline __m512 sigm_ps(__m512 x) { return _mm512_fmadd_ps(_mm512_set1_ps(.5f), tanh_ps(_mm512_mul_ps(x, _mm512_set1_ps(.5f))), _mm512_set1_ps(.5f)); }
static inline void st(b16* p, __m512 v) { _mm256_storeu_si256((__m256i*)p, (__m256i)_mm512_cvtneps_pbh(v)); }
static inline __m512 ld(const b16* p) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p)), 16)); }

static b16* P(const Tensor& t) { return (b16*)t.data_ptr(); }
static Tensor bf(std::vector<int64_t> shape) { return at::empty(shape, at::kBFloat16); }

struct Src { const b16* p; int64_t ld; int K; int kt; };
static std::vector<Src> sources(const std::vector<Tensor>& xs) {
  std::vector<Src> s;
  for (auto& x : xs) {
    TORCH_CHECK(x.dtype() == at::kBFloat16 && x.dim() == 2 && x.stride(1) == 1);
    int K = x.size(1); s.push_back({P(x), x.stride(0), K, (K + 31) / 32});
  }
  return s;
}
// rows [r0, r0+nr) of a source as A operand: pointer and byte stride; ragged K goes through scratch
static inline const b16* operand(const Src& s, int64_t r0, int nr, b16* scratch, int64_t& strideb) {
  if ((s.K & 31) == 0) { strideb = s.ld * 2; return s.p + r0 * s.ld; }
  int kp = s.kt * 32;
  for (int i = 0; i < nr; i++) {
    memcpy(scratch + i * kp, s.p + (r0 + i) * s.ld, s.K * 2);
    memset(scratch + i * kp + s.K, 0, (kp - s.K) * 2);
  }
  strideb = kp * 2; return scratch;
}

// y[M,N] = act(sum_s x_s W_s + bias[m % R]); kernel 3: neighbours among R = 32 rows. W packed [Kt][Nt][16][16][2]
// act: 0 none, 1 tanh.  out32: float32 output
Tensor dense(std::vector<Tensor> xs, Tensor W, c10::optional<Tensor> bias, int64_t N, int64_t R, int64_t kernel, int64_t act, bool out32) {
  auto src = sources(xs); int64_t M = xs[0].size(0); int Nt = W.size(1);
  Tensor y = out32 ? at::empty({M, N}, at::kFloat) : bf({M, N});
  const b16* w = P(W); const float* bs = bias ? bias->data_ptr<float>() : nullptr;
  std::vector<b16> scratch[4]; for (int s = 0; s < (int)src.size(); s++) scratch[s].resize(16 * src[s].kt * 32);
  std::vector<b16> win; int kp = src[0].kt * 32;
  if (kernel == 3) { TORCH_CHECK(R == 32 && src.size() == 1 && M % 32 == 0); win.assign(34 * kp, 0); }
  alignas(64) float c[4 * 256]; Op ops[8]; int n_ops = 0;
  for (int64_t m = 0; m < M; m += 16) {
    int nr = std::min<int64_t>(16, M - m);
    n_ops = 0; int k = 0;
    if (kernel == 3) {
      if (m % 32 == 0) for (int i = 0; i < 32; i++) memcpy(&win[(i + 1) * kp], src[0].p + (m + i) * src[0].ld, src[0].K * 2);
      for (int s = 0; s < 3; s++, k += src[0].kt) ops[n_ops++] = {&win[(m % 32 + s) * kp], kp * 2, src[0].kt, w + (int64_t)k * Nt * 512, (int64_t)Nt * 512};
    } else for (int s = 0; s < (int)src.size(); s++) { Op o; o.kt = src[s].kt; o.a = operand(src[s], m, nr, scratch[s].data(), o.sa); o.w = w + (int64_t)k * Nt * 512; o.step = (int64_t)Nt * 512; k += o.kt; ops[n_ops++] = o; }
    for (int nt = 0; nt < Nt;) {
      int g = std::min(2, Nt - nt);
      Op h[8]; for (int o = 0; o < n_ops; o++) { h[o] = ops[o]; h[o].w += nt * 512; }
      if (g == 2) chain<2>(nr, nullptr, 0, c, 16, 256, h, n_ops, 512); else chain<1>(nr, nullptr, 0, c, 16, 256, h, n_ops, 512);
      for (int q = 0; q < g; q++, nt++) {
        int left = std::min<int64_t>(16, N - nt * 16); __mmask16 mask = left >= 16 ? 0xffff : (1 << left) - 1;
        for (int i = 0; i < nr; i++) {
          __m512 v = _mm512_load_ps(c + q * 256 + i * 16);
          if (bs) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, bs + ((m + i) % R) * N + nt * 16));
          if (act) v = tanh_ps(v);
          if (out32) _mm512_mask_storeu_ps(y.data_ptr<float>() + (m + i) * N + nt * 16, mask, v);
          else _mm256_mask_storeu_epi16(P(y) + (m + i) * N + nt * 16, mask, (__m256i)_mm512_cvtneps_pbh(v));
        }
      }
    }
  }
  return y;
}

static inline void transpose16(__m512i* r) {
  __m512i t[16];
  for (int i = 0; i < 8; i++) { t[2*i] = _mm512_unpacklo_epi32(r[2*i], r[2*i+1]); t[2*i+1] = _mm512_unpackhi_epi32(r[2*i], r[2*i+1]); }
  for (int i = 0; i < 4; i++) {
    r[4*i]   = _mm512_unpacklo_epi64(t[4*i], t[4*i+2]); r[4*i+1] = _mm512_unpackhi_epi64(t[4*i], t[4*i+2]);
    r[4*i+2] = _mm512_unpacklo_epi64(t[4*i+1], t[4*i+3]); r[4*i+3] = _mm512_unpackhi_epi64(t[4*i+1], t[4*i+3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i]    = _mm512_shuffle_i32x4(r[i], r[i+4], 0x88); t[i+4]  = _mm512_shuffle_i32x4(r[i], r[i+4], 0xdd);
    t[i+8]  = _mm512_shuffle_i32x4(r[i+8], r[i+12], 0x88); t[i+12] = _mm512_shuffle_i32x4(r[i+8], r[i+12], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    r[i]    = _mm512_shuffle_i32x4(t[i], t[i+8], 0x88);  r[i+8]  = _mm512_shuffle_i32x4(t[i], t[i+8], 0xdd);
    r[i+4]  = _mm512_shuffle_i32x4(t[i+4], t[i+12], 0x88); r[i+12] = _mm512_shuffle_i32x4(t[i+4], t[i+12], 0xdd);
  }
}
// pairs of rows, 16 columns: 16 registers of (even, odd) pairs
static inline void pairs(const b16* const* rows, int col, __mmask16 mask, __m512i* out) {
  for (int p = 0; p < 16; p++) {
    __m512i a = rows[2*p] ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, rows[2*p] + col)) : _mm512_setzero_si512();
    __m512i b = rows[2*p+1] ? _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, rows[2*p+1] + col)), 16) : _mm512_setzero_si512();
    out[p] = _mm512_or_si512(a, b);
  }
}

// out[n, kernel*K] = sum_m a[m, n] x[m + shift, k]
Tensor gemm_tn(Tensor A, Tensor X, int64_t kernel) {
  int64_t M = A.size(0); int n = A.size(1), K = X.size(1); int64_t lda = A.stride(0), ldx = X.stride(0);
  TORCH_CHECK(X.size(0) == M && A.stride(1) == 1 && X.stride(1) == 1 && A.dtype() == at::kBFloat16 && X.dtype() == at::kBFloat16);
  const b16 *a = P(A), *x = P(X);
  int nt = (n + 15) / 16, kt1 = (K + 15) / 16, kt = kt1 * kernel, np = (nt + 1) / 2 * 2, kp = (kt + 1) / 2 * 2;
  const int Q = 8;
  std::vector<float> acc((int64_t)np * 16 * kp * 16, 0.f);
  static thread_local std::vector<b16> ta, tb; ta.assign((size_t)np * Q * 512, 0); tb.assign((size_t)kp * Q * 512, 0);
  const b16* rows[32]; __m512i reg[16];
  for (int64_t m0 = 0; m0 < M; m0 += 32 * Q) {
    int nq = std::min<int64_t>(Q, (M - m0 + 31) / 32);
    for (int q = 0; q < nq; q++) {
      int64_t m = m0 + 32 * q;
      for (int i = 0; i < 32; i++) rows[i] = m + i < M ? a + (m + i) * lda : nullptr;
      for (int t = 0; t < nt; t++) {
        int left = n - 16 * t; __mmask16 mask = left >= 16 ? 0xffff : (1 << left) - 1;
        pairs(rows, 16 * t, mask, reg); transpose16(reg);
        for (int p = 0; p < 16; p++) _mm512_storeu_si512(&ta[((size_t)t * Q + q) * 512 + p * 32], reg[p]);
      }
      for (int s = 0; s < kernel; s++) {
        int shift = s - kernel / 2;
        for (int i = 0; i < 32; i++) { int j = i + shift; rows[i] = (kernel == 1 ? m + i < M : (j >= 0 && j < 32)) ? x + (m + j) * ldx : nullptr; }
        for (int t = 0; t < kt1; t++) {
          int left = K - 16 * t; __mmask16 mask = left >= 16 ? 0xffff : (1 << left) - 1;
          pairs(rows, 16 * t, mask, reg);
          for (int p = 0; p < 16; p++) _mm512_storeu_si512(&tb[((size_t)(s * kt1 + t) * Q + q) * 512 + p * 32], reg[p]);
        }
      }
    }
    for (int i = 0; i < np; i++) for (int j = 0; j < kp; j++) {
      float* c = &acc[(int64_t)i * 16 * kp * 16 + j * 16];
      Op h[8]; for (int q = 0; q < nq; q++) h[q] = {&ta[((size_t)i * Q + q) * 512], 64, 1, &tb[((size_t)j * Q + q) * 512], 0};
      chain<1>(16, c, kp * 16, c, kp * 16, 16, h, nq, 0);
    }
  }
  Tensor out = at::empty({n, kernel * K}, at::kFloat); float* o = out.data_ptr<float>();
  for (int i = 0; i < n; i++) for (int s = 0; s < kernel; s++) memcpy(o + (int64_t)i * kernel * K + s * K, &acc[(int64_t)i * kp * 16 + s * kt1 * 16], K * 4);
  return out;
}

// dy * (1 - y^2) as bf16, and its sum over m with the same m % R: [R, N]
std::vector<Tensor> dtanh(Tensor dy, Tensor y, int64_t R) {
  int64_t M = y.size(0), N = y.size(1); TORCH_CHECK(dy.is_contiguous() && y.is_contiguous() && (R * N) % 16 == 0);
  Tensor d = bf({M, N}); Tensor s = at::zeros({R, N}, at::kFloat); float* sum = s.data_ptr<float>();
  const b16 *g = P(dy), *v = P(y); b16* o = P(d);
  if (N % 16 == 0) {
    for (int64_t m = 0; m < M; m++) { float* row = sum + (m % R) * N;
      for (int64_t j = 0; j < N; j += 16) { __m512 a = ld(v + m * N + j); a = _mm512_fnmadd_ps(a, a, _mm512_set1_ps(1.f)); a = _mm512_mul_ps(a, ld(g + m * N + j)); st(o + m * N + j, a); _mm512_storeu_ps(row + j, _mm512_add_ps(a, _mm512_loadu_ps(row + j))); } }
  } else {
    int64_t W = R * N; TORCH_CHECK(W % 16 == 0 && M % R == 0);
    for (int64_t m = 0; m < M / R; m++) for (int64_t j = 0; j < W; j += 16) { __m512 a = ld(v + m * W + j); a = _mm512_fnmadd_ps(a, a, _mm512_set1_ps(1.f)); a = _mm512_mul_ps(a, ld(g + m * W + j)); st(o + m * W + j, a); _mm512_storeu_ps(sum + j, _mm512_add_ps(a, _mm512_loadu_ps(sum + j))); }
  }
  return {d, s};
}
Tensor colsum(Tensor G) {
  int64_t M = G.size(0), N = G.size(1); Tensor s = at::zeros({N}, at::kFloat); float* sum = s.data_ptr<float>(); const b16* g = P(G);
  for (int64_t m = 0; m < M; m++) for (int64_t j = 0; j < N; j += 16) _mm512_storeu_ps(sum + j, _mm512_add_ps(ld(g + m * N + j), _mm512_loadu_ps(sum + j)));
  return s;
}

// xs: [T*N, K_s]; W packed [Kt][3J], Wh packed; bias [4H]: r, z (sums), n of input, n of state
std::vector<Tensor> gru_fwd(std::vector<Tensor> xs, Tensor W, Tensor Wh, Tensor bias, int64_t T, int64_t N, int64_t H) {
  auto src = sources(xs); int J = H / 16, Hk = (H + 31) / 32, Hp = Hk * 32;
  Tensor out = bf({T * N, H}), save = bf({T * N, 4 * H});
  b16 *o = P(out), *sv = P(save); const b16 *w = P(W), *wh = P(Wh); const float* bs = bias.data_ptr<float>();
  std::vector<b16> scratch[4]; for (int s = 0; s < (int)src.size(); s++) scratch[s].resize(16 * src[s].kt * 32);
  std::vector<float> hs_(N * H, 0.f); std::vector<b16> hb(2 * N * Hp, 0); alignas(64) float c[1024]; Op ops[8]; int n_ops = src.size(); int64_t stp = (int64_t)3 * J * 512;
  TORCH_CHECK(N % 16 == 0 || N < 16); int nr = std::min<int64_t>(16, N);
  for (int64_t t = 0; t < T; t++) {
    for (int64_t r0 = 0; r0 < N; r0 += 16) {
      float* hs = &hs_[r0 * H];
      const b16* cur = &hb[((t & 1) * N + r0) * Hp]; b16* nxt = &hb[(((t + 1) & 1) * N + r0) * Hp];
      for (int s = 0; s < n_ops; s++) { ops[s].kt = src[s].kt; ops[s].a = operand(src[s], t * N + r0, nr, scratch[s].data(), ops[s].sa); }
      for (int j = 0; j < J; j++) {
        int k = 0;
        for (int s = 0; s < n_ops; k += ops[s++].kt) { ops[s].w = w + k * stp + j * 512; ops[s].step = stp; }
        ops[n_ops] = {cur, Hp * 2, Hk, wh + j * 512, stp};
        chain<2>(nr, nullptr, 0, c, 16, 256, ops, n_ops + 1, (int64_t)J * 512);
        for (int s = 0; s <= n_ops; s++) ops[s].w += 2 * J * 512;
        chain<1>(nr, nullptr, 0, c + 512, 16, 256, ops, n_ops, 0);
        chain<1>(nr, nullptr, 0, c + 768, 16, 256, ops + n_ops, 1, 0);
        __m512 br = _mm512_loadu_ps(bs + 16 * j), bz = _mm512_loadu_ps(bs + H + 16 * j), bn = _mm512_loadu_ps(bs + 2 * H + 16 * j), bg = _mm512_loadu_ps(bs + 3 * H + 16 * j);
        for (int i = 0; i < nr; i++) {
          __m512 r = sigm_ps(_mm512_add_ps(_mm512_load_ps(c + 16 * i), br)), z = sigm_ps(_mm512_add_ps(_mm512_load_ps(c + 256 + 16 * i), bz));
          __m512 g = _mm512_add_ps(_mm512_load_ps(c + 768 + 16 * i), bg);
          __m512 n = tanh_ps(_mm512_fmadd_ps(r, g, _mm512_add_ps(_mm512_load_ps(c + 512 + 16 * i), bn)));
          float* h = &hs[i * H + 16 * j]; __m512 v = _mm512_fmadd_ps(z, _mm512_sub_ps(_mm512_loadu_ps(h), n), n);
          _mm512_storeu_ps(h, v); st(nxt + i * Hp + 16 * j, v);
          int64_t m = t * N + r0 + i; st(o + m * H + 16 * j, v);
          b16* q = sv + m * 4 * H + 16 * j; st(q, r); st(q + H, z); st(q + 2 * H, n); st(q + 3 * H, g);
        }
      }
    }
  }
  return {out, save};
}

// dout [T*N, H] bf16; WhT packed of K = 3H, N = H. Returns [T*N, 4H]: d of r, z, n (of input), n (of state)
Tensor gru_bwd(Tensor dout, Tensor out, Tensor save, Tensor WhT, int64_t T, int64_t N, int64_t H) {
  TORCH_CHECK(dout.is_contiguous()); int J = H / 16, Gk = (3 * H + 31) / 32, Gp = Gk * 32;
  Tensor G = bf({T * N, 4 * H}); b16* gp = P(G); const b16 *dop = P(dout), *op = P(out), *sv = P(save), *w = P(WhT);
  std::vector<float> car_(N * H, 0.f), kept(16 * H, 0.f); std::vector<b16> gh(16 * Gp, 0);
  const __m512 one = _mm512_set1_ps(1.f);
  TORCH_CHECK(N % 16 == 0 || N < 16); int nr = std::min<int64_t>(16, N);
  for (int64_t t = T - 1; t >= 0; t--) {
    for (int64_t r0 = 0; r0 < N; r0 += 16) {
      float* car = &car_[r0 * H];
      for (int i = 0; i < nr; i++) {
        int64_t m = t * N + r0 + i;
        for (int j = 0; j < J; j++) {
          const b16* q = sv + m * 4 * H + 16 * j;
          __m512 r = ld(q), z = ld(q + H), n = ld(q + 2 * H), g = ld(q + 3 * H);
          __m512 hp = t ? ld(op + (m - N) * H + 16 * j) : _mm512_setzero_ps();
          __m512 d = _mm512_add_ps(_mm512_loadu_ps(&car[i * H + 16 * j]), ld(dop + m * H + 16 * j));
          __m512 dz = _mm512_mul_ps(_mm512_mul_ps(d, _mm512_sub_ps(hp, n)), _mm512_mul_ps(z, _mm512_sub_ps(one, z)));
          __m512 k = _mm512_mul_ps(d, z);
          __m512 dn = _mm512_mul_ps(_mm512_sub_ps(d, k), _mm512_fnmadd_ps(n, n, one));
          __m512 dr = _mm512_mul_ps(_mm512_mul_ps(dn, g), _mm512_mul_ps(r, _mm512_sub_ps(one, r)));
          __m512 dg = _mm512_mul_ps(dn, r);
          _mm512_storeu_ps(&kept[i * H + 16 * j], k);
          b16* o = gp + m * 4 * H + 16 * j; st(o, dr); st(o + H, dz); st(o + 2 * H, dn); st(o + 3 * H, dg);
          b16* s = &gh[i * Gp + 16 * j]; st(s, dr); st(s + H, dz); st(s + 2 * H, dg);
        }
      }
      if (t == 0) continue;
      for (int j = 0; j < J;) {
        int g = std::min(2, J - j);
        Op h = {gh.data(), Gp * 2, Gk, w + j * 512, (int64_t)J * 512};
        if (g == 2) chain<2>(nr, &kept[16 * j], H, &car[16 * j], H, 16, &h, 1, 512); else chain<1>(nr, &kept[16 * j], H, &car[16 * j], H, 16, &h, 1, 512);
        j += g;
      }
    }
  }
  return G;
}

// rows of K floats: out[k] = c0[k] x[low[k]] + c1[k] x[low[k] + 1]; x [S, W, T, K], coefficients by window
Tensor warp(Tensor x, Tensor low, Tensor c0, Tensor c1) {
  TORCH_CHECK(x.is_contiguous() && x.dtype() == at::kFloat);
  int64_t S = x.size(0), W = x.size(1), T = x.size(2), Kk = x.size(3); Tensor y = at::empty_like(x);
  const float* xp = x.data_ptr<float>(); float* yp = y.data_ptr<float>();
  for (int64_t s = 0; s < S; s++) for (int64_t w = 0; w < W; w++) {
    const int* l = low.data_ptr<int>() + w * Kk; const float *a = c0.data_ptr<float>() + w * Kk, *b = c1.data_ptr<float>() + w * Kk;
    for (int64_t t = 0; t < T; t++) {
      const float* __restrict__ r = xp + ((s * W + w) * T + t) * Kk; float* __restrict__ o = yp + ((s * W + w) * T + t) * Kk;
      for (int64_t k = 0; k < Kk; k += 16) {
        int64_t left = Kk - k; __mmask16 m = left >= 16 ? 0xffff : (1 << left) - 1;
        __m512i i = _mm512_maskz_loadu_epi32(m, l + k); __m512 z = _mm512_setzero_ps();
        __m512 u = _mm512_mask_i32gather_ps(z, m, i, r, 4), v = _mm512_mask_i32gather_ps(z, m, i, r + 1, 4);
        _mm512_mask_storeu_ps(o + k, m, _mm512_fmadd_ps(u, _mm512_maskz_loadu_ps(m, a + k), _mm512_mul_ps(v, _mm512_maskz_loadu_ps(m, b + k))));
      }
    }
  }
  return y;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("warp", &warp, py::call_guard<py::gil_scoped_release>()); m.def("permit", &permit, py::call_guard<py::gil_scoped_release>()); m.def("dense", &dense, py::call_guard<py::gil_scoped_release>()); m.def("gemm_tn", &gemm_tn, py::call_guard<py::gil_scoped_release>()); m.def("dtanh", &dtanh, py::call_guard<py::gil_scoped_release>()); m.def("colsum", &colsum, py::call_guard<py::gil_scoped_release>());
  m.def("gru_fwd", &gru_fwd, py::call_guard<py::gil_scoped_release>()); m.def("gru_bwd", &gru_bwd, py::call_guard<py::gil_scoped_release>());
}
