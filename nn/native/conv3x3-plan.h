// How a 3x3 convolution is cut into tasks, and the layouts of its transformed data.
#pragma once

#include "conv3x3-types.h"
#include "conv3x3-workers.h"
#include "winograd-product.h"
#include "winograd-tiles.h"

namespace cemiflow {

// Layouts, innermost last; a panel is kPanel channels out, a copy one of the points that share a matrix of weights:
//   U, weights: [panel, matrix, channel in, kPanel]
//   V, inputs:  [matrix, chunk of kLanes channels in, tile, copy, kLanes]
//   M, sums:    [matrix, tile, copy, kPanel]
// On large maps U is transformed first, and a task takes a block of tiles all the way. On small ones, where U has more
// numbers than the maps, V is transformed first, and a task takes a panel: its part of U never leaves the cache.
struct Conv3x3Plan {
  int64_t in, out, chunks, panels, tiles, planes, matrices;
  bool by_panel;
  int64_t block;         // tiles that V and M hold
  int64_t depth_chunks;  // chunks that U holds for a panel

  int64_t v_stride() const { return odd_lines(chunks * block * kLanes); }
  int64_t v_floats() const { return planes * v_stride(); }
  int64_t m_stride() const { return odd_lines(block * kPanel); }
  int64_t m_floats() const { return planes * m_stride(); }
  int64_t u_stride() const { return odd_lines(depth_chunks * kLanes * kPanel); }
  int64_t u_floats() const { return matrices * u_stride(); }

  int64_t worker_floats() const { return m_floats() + (by_panel ? u_floats() : v_floats()); }
  int64_t shared_floats() const { return by_panel ? v_floats() : panels * u_floats(); }
};

template <class Scheme>
inline Conv3x3Plan conv3x3_plan(const Conv3x3Shape& s, bool transposed) {
  Conv3x3Plan p;
  p.in = transposed ? s.out : s.in;
  p.out = transposed ? s.in : s.out;
  p.chunks = ceil_div(p.in, kLanes);
  p.panels = ceil_div(p.out, kPanel);
  p.tiles = s.batch * ceil_div(s.height, kTile) * ceil_div(s.width, kTile);
  p.planes = Scheme::Grid::kPlanes;
  p.matrices = Scheme::Grid::kMatrices;
  // Measured; and there should be panels enough for several threads.
  p.by_panel = p.tiles <= 100 && p.panels >= 8;
  // V of a block and a panel of U are to fit a level 2 cache. An odd number keeps its rows in different cache sets.
  p.block = p.by_panel ? p.tiles | 1 : ceil_div(12, kMaxRows) * kMaxRows;
  p.depth_chunks = p.by_panel ? smaller(p.chunks, 128 / kLanes) : p.chunks;
  return p;
}

// Weights of kLanes channels in (from k0) and as many out (from n0), by tap; zero outside. The input's gradient is a
// convolution with the weights turned by 180 degrees and their channels swapped.
inline void gather_weights(const float* w, const Conv3x3Shape& s, bool transposed, int64_t k0, int64_t n0,
                           float (*to)[kLanes][kLanes]) {
  const int64_t row0 = transposed ? n0 : k0, column0 = transposed ? k0 : n0;
  const int lanes = static_cast<int>(larger(0, smaller(kLanes, s.out - column0)));
  for (int tap = 0; tap < 9; tap++) {
    const float* from = w + ((transposed ? 8 - tap : tap) * s.in + row0) * s.out + column0;
    Floats lines[kLanes];
    for (int row = 0; row < kLanes; row++) {
      lines[row] = row0 + row < s.in && lanes > 0 ? load_lanes(from + row * s.out, lanes) : Floats{};
    }
    if (transposed) transpose(lines);
    for (int k = 0; k < kLanes; k++) store(to[tap][k], lines[k]);
  }
}

// U of one panel and chunk of channels in; `to` is the place of the chunk in the first matrix.
template <class Line>
inline void transform_weights(const float* w, const Conv3x3Shape& s, bool transposed, const Conv3x3Plan& p,
                              int64_t panel, int64_t chunk, float* to) {
  alignas(64) float block[9][kLanes][kLanes];
  for (int half = 0; half < vectors_of(p.out, panel); half++) {
    gather_weights(w, s, transposed, chunk * kLanes, panel * kPanel + half * kLanes, block);
    for (int k = 0; k < kLanes; k++) {
      float* row = to + k * kPanel + half * kLanes;
      transform<Line>([&](int i, int j) { return load(block[i * 3 + j][k]); },
                      [&](int i, int j, Floats value) { store(row + (i * Line::kOut + j) * p.u_stride(), value); });
    }
  }
}

}  // namespace cemiflow
