// 3x3 convolutions of stride 1 and padding 1 by Winograd's F(4x4, 3x3), forward and for the input's gradient. Sums are
// float32 and in an order that depends on the shape alone, so that results have the same bits on any number of threads.
//
// For a block of tiles: transform all channels (V), multiply by the transformed weights (U) at each of 36 points,
// transform back. Layouts, innermost last; a panel is kPanel channels out:
//   U [pass, point, panel of the pass, channel in, kPanel]
//   V [point, chunk of kLanes channels in, tile, kLanes]
//   M [point, panel of the pass, tile, kPanel]
#pragma once

#include "conv3x3-types.h"
#include "conv3x3-workers.h"
#include "winograd-product.h"
#include "winograd-tiles.h"

namespace cemiflow::CEMIFLOW_ISA {

// How the work is cut, by shape alone.
struct Conv3x3Plan {
  int64_t in, out, chunks, panels, tiles;
  int64_t block;  // tiles transformed at a time
  int64_t pass;   // panels multiplied between the transforms of a block

  int64_t v_stride() const { return odd_lines(chunks * block * kLanes); }
  int64_t m_stride() const { return odd_lines(pass * block * kPanel); }
  int64_t depth() const { return chunks * kLanes; }
  int64_t u_panel() const { return depth() * kPanel; }
  int64_t u_floats() const { return kPoints * ceil_div(panels, pass) * pass * u_panel(); }
  int64_t worker_floats() const { return kPoints * (v_stride() + m_stride()); }
  float* u_at(float* u, int64_t panel, int64_t point) const {
    return u + ((panel / pass * kPoints + point) * pass + panel % pass) * u_panel();
  }
};

inline Conv3x3Plan conv3x3_plan(const Conv3x3Shape& s, bool transposed) {
  Conv3x3Plan p;
  p.in = transposed ? s.out : s.in;
  p.out = transposed ? s.in : s.out;
  p.chunks = ceil_div(p.in, kLanes);
  p.panels = ceil_div(p.out, kPanel);
  p.tiles = s.batch * ceil_div(s.height, kTile) * ceil_div(s.width, kTile);
  p.block = TUNE_BLOCK;
  p.pass = smaller(TUNE_PASS, p.panels);
  return p;
}

// Bytes of scratch memory, which must be aligned to 64.
inline int64_t conv3x3_scratch(const Conv3x3Shape& s, bool transposed, const Parallel& parallel) {
  const Conv3x3Plan p = conv3x3_plan(s, transposed);
  return Workers::bytes(parallel, p.worker_floats()) + 4 * p.u_floats();
}

// Weights of kLanes channels in and as many out, by tap. The input's gradient is a convolution with the weights turned
// by 180 degrees and their channels swapped.
inline void gather_weights(const float* w, const Conv3x3Shape& s, bool transposed, int64_t k0, int64_t n0,
                           float (*to)[kLanes][kLanes]) {
  const int64_t ks = transposed ? s.out : s.in, ns = transposed ? s.in : s.out;
  for (int tap = 0; tap < 9; tap++) {
    const float* from = w + (transposed ? 8 - tap : tap) * s.in * s.out;
    for (int k = 0; k < kLanes; k++) {
      for (int n = 0; n < kLanes; n++) {
        const int64_t at = transposed ? (n0 + n) * s.out + k0 + k : (k0 + k) * s.out + n0 + n;
        to[tap][k][n] = k0 + k < ks && n0 + n < ns ? from[at] : 0;
      }
    }
  }
}

inline void transform_weights(const float* w, const Conv3x3Shape& s, bool transposed, const Conv3x3Plan& p, float* u,
                              int64_t panel, int64_t chunk) {
  alignas(64) float block[9][kLanes][kLanes];
  const int64_t stride = p.u_at(u, panel, 1) - p.u_at(u, panel, 0);
  for (int half = 0; half < 2; half++) {
    gather_weights(w, s, transposed, chunk * kLanes, panel * kPanel + half * kLanes, block);
    float* to = p.u_at(u, panel, 0) + chunk * kLanes * kPanel + half * kLanes;
    for (int k = 0; k < kLanes; k++, to += kPanel) {
      transform<WeightLine>([&](int i, int j) { return load(block[i * 3 + j][k]); },
                            [&](int i, int j, Floats value) { store(to + (i * kPatch + j) * stride, value); });
    }
  }
}

template <class T>
struct Conv3x3Call {
  Conv3x3Plan plan;
  Map<const T> x;
  Map<T> y;
  const float* u;
  const float* bias;
  const T* residual;
};

template <class T>
inline void write_block(const Conv3x3Call<T>& call, int64_t first, int64_t count, int64_t panel, const float* m) {
  const Conv3x3Plan& p = call.plan;
  for (int64_t n = panel * kPanel; n < smaller(p.out, (panel + 1) * kPanel); n += kLanes, m += kLanes) {
    const int lanes = static_cast<int>(smaller(kLanes, p.out - n));
    const Floats bias = call.bias ? load_some(call.bias + n, lanes) : Floats{};
    for (int64_t tile = 0; tile < count; tile++) {
      const Square<T> square = square_of(call.y, first + tile, n, kTile, 0);
      const T* residual = call.residual ? call.residual + (square.first - call.y.data) : nullptr;
      write_square(m + tile * kPanel, p.m_stride(), square, bias, residual);
    }
  }
}

// One block of tiles, from x to y.
template <class T>
inline void convolve_block(const Conv3x3Call<T>& call, int64_t first, int64_t count, float* v) {
  const Conv3x3Plan& p = call.plan;
  float* m = v + kPoints * p.v_stride();
  for (int64_t tile = 0; tile < count; tile++) {
    for (int64_t chunk = 0; chunk < p.chunks; chunk++) {
      transform_square<InputLine>(square_of(call.x, first + tile, chunk * kLanes, kPatch, 1),
                                  v + (chunk * p.block + tile) * kLanes, p.v_stride());
    }
  }
  for (int64_t panel = 0; panel < p.panels; panel += p.pass) {
    const int64_t panels = smaller(p.pass, p.panels - panel);
    for (int64_t point = 0; point < kPoints; point++) {
      const Left left{v + point * p.v_stride(), p.block * kLanes, p.chunks};
      for (int64_t i = 0; i < panels; i++) {
        product<kLanes, kLanes>(count, left, p.u_at(const_cast<float*>(call.u), panel + i, point),
                                m + point * p.m_stride() + i * p.block * kPanel, false);
      }
    }
    for (int64_t i = 0; i < panels; i++) write_block(call, first, count, panel + i, m + i * p.block * kPanel);
  }
}

// y = x * w, or with `transposed` the input's gradient: x is then dy [batch, height, width, out] and y is dx. `bias`
// (float32, a number for each channel of y) and `residual` (of y's shape) are added to y where they are not null.
// `scratch` has the bytes that conv3x3_scratch states.
template <class T>
void conv3x3(const T* x, const float* w, T* y, const Conv3x3Shape& s, bool transposed, const float* bias,
             const T* residual, void* scratch, const Parallel& parallel) {
  const Conv3x3Plan p = conv3x3_plan(s, transposed);
  Workers workers(parallel, scratch, p.worker_floats());
  float* u = workers.end();
  workers.run(p.panels * p.chunks, [&](int64_t task, float*) {
    transform_weights(w, s, transposed, p, u, task / p.chunks, task % p.chunks);
  });
  const Conv3x3Call<T> call{p, {x, s.height, s.width, p.in}, {y, s.height, s.width, p.out}, u, bias, residual};
  workers.run(ceil_div(p.tiles, p.block), [&](int64_t task, float* own) {
    convolve_block(call, task * p.block, smaller(p.block, p.tiles - task * p.block), own);
  });
}

}  // namespace cemiflow::CEMIFLOW_ISA
