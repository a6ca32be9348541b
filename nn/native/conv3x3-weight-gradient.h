// The gradient of a 3x3 convolution's weights by Winograd's F(3x3, 4x4): at each of 36 points a product of transformed
// inputs and transformed output gradients, summed over all tiles, which is transformed back once.
//
// Tiles are taken in chunks: their transforms (V, D), then for each block of the sums (S) a product. Each block of S
// belongs to one task, so that a sum runs over the tiles in their order, whatever the number of threads. Layouts,
// innermost last:
//   V [point, tile, channel in]
//   D [point, panel, tile, kPanel]
//   S [block of rows, panel, point, row, kPanel]
#pragma once

#include "conv3x3-types.h"
#include "conv3x3-workers.h"
#include "winograd-product.h"
#include "winograd-tiles.h"

namespace cemiflow {

struct WeightGradientPlan {
  int64_t in_chunks, out_chunks, panels, tiles;
  int64_t chunk;  // tiles of a chunk
  int64_t rows;   // channels in of a block of sums

  // Sums of a single chunk are made and used in one task.
  bool kept() const { return chunk < tiles; }
  int64_t worker_floats() const { return kept() ? 0 : s_block(); }
  int64_t row_blocks() const { return ceil_div(in_chunks * kLanes, rows); }
  int64_t v_row() const { return in_chunks * kLanes; }
  int64_t v_stride() const { return odd_lines(chunk * v_row()); }
  int64_t d_stride() const { return odd_lines(chunk * panels * kPanel); }
  int64_t s_block() const { return kPoints * s_stride(); }
  int64_t s_stride() const { return odd_lines(rows * kPanel); }
  int64_t shared_floats() const {
    return kPoints * (v_stride() + d_stride()) + (kept() ? row_blocks() * panels * s_block() : 0);
  }
};

inline WeightGradientPlan weight_gradient_plan(const Conv3x3Shape& s) {
  WeightGradientPlan p;
  p.in_chunks = ceil_div(s.in, kLanes);
  p.out_chunks = ceil_div(s.out, kLanes);
  p.panels = ceil_div(s.out, kPanel);
  p.tiles = s.batch * ceil_div(s.height, kTile) * ceil_div(s.width, kTile);
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
  const WeightGradientPlan p = weight_gradient_plan(s);
  return Workers::bytes(parallel, p.worker_floats()) + 4 * p.shared_floats();
}

template <class T>
struct WeightGradientCall {
  WeightGradientPlan plan;
  Conv3x3Shape shape;
  Map<const T> x, dy;
  float *dw, *v, *d;
};

template <class T>
inline void transform_tile(const WeightGradientCall<T>& call, int64_t tile, int64_t slot) {
  const WeightGradientPlan& p = call.plan;
  const auto x = square_of(call.x, tile, kPatch, 1);
  for (int64_t c = 0; c < p.in_chunks; c++) {
    transform_square<InputLine>(at_channel(x, call.x, c * kLanes),
                                call.v + slot * p.v_row() + c * kLanes, p.v_stride());
  }
  const auto dy = square_of(call.dy, tile, kTile, 0);
  for (int64_t c = 0; c < 2 * p.panels; c++) {
    float* to = call.d + (c / 2 * p.chunk + slot) * kPanel + c % 2 * kLanes;
    if (c < p.out_chunks) {
      transform_square<GradientLine>(at_channel(dy, call.dy, c * kLanes), to, p.d_stride());
    } else {
      for (int i = 0; i < kPoints; i++) store(to + i * p.d_stride(), Floats{});
    }
  }
}

template <class T>
inline void write_weights(const WeightGradientCall<T>& call, const float* sums, int64_t row0, int64_t n0) {
  const WeightGradientPlan& p = call.plan;
  const Conv3x3Shape& s = call.shape;
  for (int64_t row = row0; row < smaller(s.in, row0 + p.rows); row++, sums += kPanel) {
    for (int64_t n = n0; n < smaller(s.out, n0 + kPanel); n += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, s.out - n));
      transform<WeightGradientLine>(
          [&](int i, int j) { return load(sums + (n - n0) + (i * kPatch + j) * p.s_stride()); },
          [&](int i, int j, Floats value) {
            store_lanes(call.dw + ((i * 3 + j) * s.in + row) * s.out + n, value, lanes);
          });
    }
  }
}

// Adds `count` tiles to one block of sums, from the first chunk's on, and writes the weights after the last one's.
template <class T>
inline void add_block(const WeightGradientCall<T>& call, int64_t index, int64_t first, int64_t count,
                      float* sums) {
  const WeightGradientPlan& p = call.plan;
  const int64_t row = index / p.panels * p.rows, panel = index % p.panels;
  const int64_t rows = smaller(p.rows, p.v_row() - row);
  for (int64_t point = 0; point < kPoints; point++) {
    const Left left{call.v + point * p.v_stride() + row, p.v_row(), count};
    product<1, 1>(rows, left, call.d + point * p.d_stride() + panel * p.chunk * kPanel, sums + point * p.s_stride(),
                  first > 0);
  }
  if (first + count == p.tiles) write_weights(call, sums, row, panel * kPanel);
}

// dw [3, 3, in, out] of x [batch, height, width, in] and dy [batch, height, width, out]. `scratch` has the bytes that
// conv3x3_weight_gradient_scratch states.
template <class T>
void conv3x3_weight_gradient(const T* x, const T* dy, float* dw, const Conv3x3Shape& s, void* scratch,
                             const Parallel& parallel) {
  const WeightGradientPlan p = weight_gradient_plan(s);
  Workers workers(parallel, scratch, p.worker_floats());
  float* v = workers.end();
  float* d = v + kPoints * p.v_stride();
  float* kept = d + kPoints * p.d_stride();
  const WeightGradientCall<T> call{p, s, {x, s.height, s.width, s.in}, {dy, s.height, s.width, s.out}, dw, v, d};
  for (int64_t first = 0; first < p.tiles; first += p.chunk) {
    const int64_t count = smaller(p.chunk, p.tiles - first);
    workers.run(count, [&](int64_t task, float*) { transform_tile(call, first + task, task); });
    workers.run(p.row_blocks() * p.panels, [&](int64_t task, float* own) {
      add_block(call, task, first, count, p.kept() ? kept + task * p.s_block() : own);
    });
  }
}

}  // namespace cemiflow
