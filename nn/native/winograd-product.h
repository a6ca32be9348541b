// Matrix products of small panels: the 36 products of Winograd's transformed tiles.
#pragma once

#include "vectors.h"

namespace cemiflow {

// Columns of a panel: b and c are cut into panels of two vectors. In the last one, one vector may be all there is.
constexpr int kPanel = 2 * kLanes;

// A view of the left matrix. Depth is walked in runs of `kRun` neighbouring floats, `run_stride` floats apart.
//   tiles x channels, in chunks of kLanes channels: kRun = kLanes, row stride kLanes
//   channels x tiles, channels side by side:        kRun = 1, row stride 1
struct Left {
  const float* data;
  int64_t run_stride;
  int64_t runs;
};

// c[rows, columns] = a[rows, depth] b[depth, columns], or += where `add`, for kVectors vectors of columns. Each sum runs over the depth in its order, from
// zero: what c holds is added at the end, which loses fewer bits than one long sum.
template <int kRows, int kVectors, int kRowStride, int kRun>
void product_tile(Left a, const float* b, float* c, bool add) {
  Floats sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) sum[r][v] = Floats{};
  }
  const float* left = a.data;
  for (int64_t run = 0; run < a.runs; run++, left += a.run_stride) {
#pragma GCC unroll 4
    for (int k = 0; k < kRun; k++, b += kPanel) {
      Floats right[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) right[v] = load(b + v * kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; r++) {
        const Floats value = left[r * kRowStride + k] - Floats{};
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) sum[r][v] += value * right[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      float* to = c + r * kPanel + v * kLanes;
      store(to, add ? load(to) + sum[r][v] : sum[r][v]);
    }
  }
}

template <int kVectors, int kRowStride, int kRun, int kRows = kMaxRows>
inline void product_rows(int64_t rows, Left a, const float* b, float* c, bool add) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return product_rows<kVectors, kRowStride, kRun, kRows - 1>(rows, a, b, c, add);
  }
  product_tile<kRows, kVectors, kRowStride, kRun>(a, b, c, add);
}

// Depth that is summed before it is added to c. Shorter sums lose fewer bits: 64 halves the error of 256 for 3 % of the
// time, and such a piece of b fits the level 1 cache.
constexpr int kDepth = 64;

// c[rows, columns] (+)= a b for any number of rows, in groups as even as possible: a short last group would wait for
// its own sums.
template <int kVectors, int kRowStride, int kRun>
inline void product_columns(int64_t rows, Left a, const float* b, float* c, bool add) {
  const int64_t groups = ceil_div(rows, kMaxRows);
  for (int64_t run = 0; run < a.runs; run += kDepth / kRun) {
    const float* left = a.data + run * a.run_stride;
    const int64_t runs = smaller(kDepth / kRun, a.runs - run);
    for (int64_t group = 0, row = 0; group < groups; group++) {
      const int64_t count = ceil_div(rows - row, groups - group);
      product_rows<kVectors, kRowStride, kRun>(count, {left + row * kRowStride, a.run_stride, runs},
                                               b + run * kRun * kPanel, c + row * kPanel, add || run > 0);
      row += count;
    }
  }
}

template <int kRowStride, int kRun>
inline void product(int64_t rows, int vectors, Left a, const float* b, float* c, bool add) {
  if (vectors == 1) product_columns<1, kRowStride, kRun>(rows, a, b, c, add);
  else product_columns<2, kRowStride, kRun>(rows, a, b, c, add);
}

// How many vectors of a panel hold some of `columns` columns.
inline int vectors_of(int64_t columns, int64_t panel) { return columns - panel * kPanel > kLanes ? 2 : 1; }

}  // namespace cemiflow
