// The linear transforms of Winograd's F(4x4, 3x3) and F(3x3, 4x4), after Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks" (2016): y = A'[(G g) . (B' d)] along each axis.
//
// The points are 0, +-sqrt(1/2), +-sqrt(2) and infinity. With the usual 0, +-1, +-2 results have two to four times the
// error. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks"
// (2020), say why points matter; these had the smallest error of the pairs +-a, +-b that were tried. Their squares are
// 1/2 and 2, so the transforms take no more operations than the usual ones.
#pragma once

#include "vectors.h"

namespace cemiflow {

constexpr int kPatch = 6;  // inputs of a tile along an axis, and points
// The points +-kA and +-kB.
constexpr float kA = 0.70710678118654752f;
constexpr float kB = 1.41421356237309505f;

// B': inputs at the points. A tile begins kMargin pixels before its first output, and kStep pixels behind the last one.
struct InputLine {
  static constexpr int kIn = kPatch, kOut = kPatch, kStep = 4, kMargin = 1;
  static inline void apply(const Floats* d, Floats* r) {
    const Floats even_a = d[4] - 2.f * d[2], odd_a = d[3] - 2.f * d[1];
    const Floats even_b = d[4] - .5f * d[2], odd_b = d[3] - .5f * d[1];
    r[0] = (d[4] + d[0]) - 2.5f * d[2];
    r[1] = even_a + kA * odd_a;
    r[2] = even_a - kA * odd_a;
    r[3] = even_b + kB * odd_b;
    r[4] = even_b - kB * odd_b;
    r[5] = (d[5] + d[1]) - 2.5f * d[3];
  }
};

// G for three weights, with the Lagrange factors 1, -2/3, 1/6 of the points.
struct WeightLine {
  static constexpr int kIn = 3, kOut = 6;
  static inline void apply(const Floats* g, Floats* r) {
    const Floats even_a = (g[0] + .5f * g[2]) * (-2.f / 3.f), odd_a = g[1] * (-2.f / 3.f * kA);
    const Floats even_b = (g[0] + 2.f * g[2]) * (1.f / 6.f), odd_b = g[1] * (kB / 6.f);
    r[0] = g[0];
    r[1] = even_a + odd_a;
    r[2] = even_a - odd_a;
    r[3] = even_b + odd_b;
    r[4] = even_b - odd_b;
    r[5] = g[2];
  }
};

// A' for four outputs.
struct OutputLine {
  static constexpr int kIn = 6, kOut = 4;
  static inline void apply(const Floats* m, Floats* y) {
    const Floats sum_a = m[1] + m[2], sum_b = m[3] + m[4];
    const Floats odd_a = kA * (m[1] - m[2]), odd_b = kB * (m[3] - m[4]);
    y[0] = m[0] + (sum_a + sum_b);
    y[1] = odd_a + odd_b;
    y[2] = .5f * sum_a + 2.f * sum_b;
    y[3] = m[5] + (.5f * odd_a + 2.f * odd_b);
  }
};

// G for four gradients of outputs, without the Lagrange factors: WeightGradientLine has them, once for all tiles.
struct GradientLine {
  static constexpr int kIn = 4, kOut = 6, kStep = 4, kMargin = 0;
  static inline void apply(const Floats* d, Floats* r) {
    const Floats even_a = d[0] + .5f * d[2], odd_a = d[1] + .5f * d[3];
    const Floats even_b = d[0] + 2.f * d[2], odd_b = d[1] + 2.f * d[3];
    r[0] = d[0];
    r[1] = even_a + kA * odd_a;
    r[2] = even_a - kA * odd_a;
    r[3] = even_b + kB * odd_b;
    r[4] = even_b - kB * odd_b;
    r[5] = d[3];
  }
};

// A' for three gradients of weights, with the Lagrange factors.
struct WeightGradientLine {
  static constexpr int kIn = 6, kOut = 3;
  static inline void apply(const Floats* m, Floats* w) {
    const Floats sum_a = (m[1] + m[2]) * (-2.f / 3.f), sum_b = (m[3] + m[4]) * (1.f / 6.f);
    w[0] = m[0] + (sum_a + sum_b);
    w[1] = (-2.f / 3.f * kA) * (m[1] - m[2]) + (kB / 6.f) * (m[3] - m[4]);
    w[2] = m[5] + (.5f * sum_a + 2.f * sum_b);
  }
};

// Applies a line's transform down the columns and then along the rows of what `get(i, j)` reads; `put(i, j, value)`.
template <class Line, class Get, class Put>
__attribute__((always_inline)) inline void transform(Get get, Put put) {
  Floats half[Line::kOut][Line::kIn];
#pragma GCC unroll 6
  for (int j = 0; j < Line::kIn; j++) {
    Floats in[Line::kIn], out[Line::kOut];
#pragma GCC unroll 6
    for (int i = 0; i < Line::kIn; i++) in[i] = get(i, j);
    Line::apply(in, out);
#pragma GCC unroll 6
    for (int i = 0; i < Line::kOut; i++) half[i][j] = out[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < Line::kOut; i++) {
    Floats out[Line::kOut];
    Line::apply(half[i], out);
#pragma GCC unroll 6
    for (int j = 0; j < Line::kOut; j++) put(i, j, out[j]);
  }
}

}  // namespace cemiflow
