// The gradient of a 3x3 convolution's weights, of stride 1 by Winograd's F(3x3, 4x4): at each of 36 points a product of transformed
// inputs and transformed output gradients, summed over all tiles, which is transformed back once.
//
// Tiles are taken in chunks: their transforms (V, D), then for each block of the sums (S) a product. Each block of S
// belongs to one task, so that a sum runs over the tiles in their order, whatever the number of threads. Layouts,
// innermost last:
//   V [matrix, tile, copy, channel in]
//   D [matrix, panel, tile, copy, kPanel]
//   S [block of rows, panel, matrix, row, kPanel]
#pragma once

#include "conv3x3-types.h"
#include "conv3x3-workers.h"
#include "winograd-product.h"
#include "winograd-tiles.h"

namespace cemiflow {

struct WeightGradientPlan {
  int64_t in_chunks, out_chunks, panels, tiles, planes, matrices;
  int64_t chunk;  // tiles of a chunk
  int64_t rows;   // channels in of a block of sums

  // Sums of a single chunk are made and used in one task.
  bool kept() const { return chunk < tiles; }
  int64_t worker_floats() const { return kept() ? 0 : s_block(); }
  int64_t row_blocks() const { return ceil_div(in_chunks * kLanes, rows); }
  int64_t v_row() const { return in_chunks * kLanes; }
  int64_t v_stride() const { return odd_lines(chunk * v_row()); }
  int64_t d_stride() const { return odd_lines(chunk * panels * kPanel); }
  int64_t s_block() const { return matrices * s_stride(); }
  int64_t s_stride() const { return odd_lines(rows * kPanel); }
  int64_t shared_floats() const {
    return planes * (v_stride() + d_stride()) + (kept() ? row_blocks() * panels * s_block() : 0);
  }
};

template <class Scheme>
inline WeightGradientPlan weight_gradient_plan(const Conv3x3Shape& s) {
  WeightGradientPlan p;
  p.in_chunks = ceil_div(s.in, kLanes);
  p.out_chunks = ceil_div(s.out, kLanes);
  p.panels = ceil_div(s.out, kPanel);
  p.tiles = s.batch * ceil_div(s.height, kTile) * ceil_div(s.width, kTile);
  p.planes = Scheme::Grid::kPlanes;
  p.matrices = Scheme::Grid::kMatrices;
  // Longer chunks spare passes over S, shorter ones keep V and D in the cache: measured.
  int64_t most = 64;
  while ((2 * most + 64) * (2 * most + 64) < s.in * s.out) most += 64;
  p.chunk = ceil_div(p.tiles, ceil_div(p.tiles, most));
  p.rows = smaller(p.in_chunks * kLanes, 64);
  while (p.rows > 16 && p.row_blocks() * p.panels < 8) p.rows /= 2;  // tasks for several threads
  return p;
}

// Bytes of scratch memory, which must be aligned to 64.
inline int64_t conv3x3_weight_gradient_scratch(const Conv3x3Shape& s, const Parallel& parallel) {
  const WeightGradientPlan p = s.stride == 1 ? weight_gradient_plan<Stride1>(s) : weight_gradient_plan<Stride2>(s);
  return Workers::bytes(parallel, p.worker_floats()) + 4 * p.shared_floats();
}

template <class T, class Scheme>
struct WeightGradientCall {
  WeightGradientPlan plan;
  Conv3x3Shape shape;
  Map<const T> x, dy;
  float *dw, *v, *d;
};

template <class T, class Scheme>
inline void transform_tile(const WeightGradientCall<T, Scheme>& call, int64_t tile, int64_t slot) {
  const WeightGradientPlan& p = call.plan;
  using Gradient = typename Scheme::Gradient;
  const int64_t v_stride = p.v_stride(), v_row = p.v_row(), d_stride = p.d_stride();
  const auto x = read_square<typename Scheme::In>(call.x, tile);
  for (int64_t c = 0; c < p.in_chunks; c++) {
    transform_square<typename Scheme::In>(at_channel(x, call.x, c * kLanes), [&](int i, int j) {
      return call.v + c * kLanes + Scheme::Grid::place(i, j, v_stride, slot, v_row);
    });
  }
  const auto dy = read_square<Gradient>(call.dy, tile);
  for (int64_t c = 0; c < p.out_chunks; c++) {
    const int64_t row = c / 2 * p.chunk + slot;
    transform_square<Gradient>(at_channel(dy, call.dy, c * kLanes), [&](int i, int j) {
      return call.d + c % 2 * kLanes + Scheme::Grid::place(i, j, d_stride, row, kPanel);
    });
  }
}

template <class T, class Scheme>
inline void write_weights(const WeightGradientCall<T, Scheme>& call, const float* sums, int64_t row0, int64_t n0) {
  const WeightGradientPlan& p = call.plan;
  const Conv3x3Shape& s = call.shape;
  using Line = typename Scheme::WeightGradient;
  for (int64_t row = row0; row < smaller(s.in, row0 + p.rows); row++, sums += kPanel) {
    for (int64_t n = n0; n < smaller(s.out, n0 + kPanel); n += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, s.out - n));
      transform<Line>(
          [&](int i, int j) { return load(sums + (n - n0) + (i * Line::kIn + j) * p.s_stride()); },
          [&](int i, int j, Floats value) {
            store_lanes(call.dw + ((i * 3 + j) * s.in + row) * s.out + n, value, lanes);
          });
    }
  }
}

// Adds `count` tiles to one block of sums, from the first chunk's on, and writes the weights after the last one's.
template <class T, class Scheme>
inline void add_block(const WeightGradientCall<T, Scheme>& call, int64_t index, int64_t first, int64_t count,
                      float* sums) {
  const WeightGradientPlan& p = call.plan;
  const int64_t row = index / p.panels * p.rows, panel = index % p.panels;
  const int64_t rows = smaller(p.rows, p.v_row() - row);
  for (int matrix = 0; matrix < Scheme::Grid::kMatrices; matrix++) {
    const int64_t plane = Scheme::Grid::plane(matrix), copies = Scheme::Grid::copies(matrix);
    const Left left{call.v + plane * p.v_stride() + row, p.v_row(), count * copies};
    product<1, 1>(rows, vectors_of(call.shape.out, panel), left, call.d + plane * p.d_stride() + panel * p.chunk * copies * kPanel,
                  sums + matrix * p.s_stride(), first > 0);
  }
  if (first + count == p.tiles) write_weights(call, sums, row, panel * kPanel);
}

template <class T, class Scheme>
void weight_gradient(const Map<const T>& x, const Map<const T>& dy, float* dw, const Conv3x3Shape& s, void* scratch,
                     const Parallel& parallel) {
  const WeightGradientPlan p = weight_gradient_plan<Scheme>(s);
  Workers workers(parallel, scratch, p.worker_floats());
  float* v = workers.end();
  float* d = v + p.planes * p.v_stride();
  float* kept = d + p.planes * p.d_stride();
  const WeightGradientCall<T, Scheme> call{p, s, x, dy, dw, v, d};
  for (int64_t first = 0; first < p.tiles; first += p.chunk) {
    const int64_t count = smaller(p.chunk, p.tiles - first);
    workers.run(count, [&](int64_t task, float*) { transform_tile(call, first + task, task); });
    workers.run(p.row_blocks() * p.panels, [&](int64_t task, float* own) {
      add_block(call, task, first, count, p.kept() ? kept + task * p.s_block() : own);
    });
  }
}

// dw [3, 3, in, out] of x [batch, height, width, in] and dy [batch, height / stride, width / stride, out]. `scratch` has
// the bytes that conv3x3_weight_gradient_scratch states.
template <class T>
void conv3x3_weight_gradient(const T* x, const T* dy, float* dw, const Conv3x3Shape& s, void* scratch,
                             const Parallel& parallel) {
  (s.stride == 1 ? weight_gradient<T, Stride1> : weight_gradient<T, Stride2>)(
      {x, s.height, s.width, s.in}, {dy, s.height / s.stride, s.width / s.stride, s.out}, dw, s, scratch, parallel);
}

}  // namespace cemiflow
