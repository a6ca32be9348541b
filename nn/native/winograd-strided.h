// 3x3 convolutions of stride 2 in Winograd's way, F(2x2) for each of their parts: 25 multiplications instead of 36.
//
// Along an axis, y[i] = w0 d[2i] + w1 d[2i+1] + w2 d[2i+2]. Two outputs need the inputs d[0] to d[4]. Those of even number
// meet the weights w0 and w2 in a convolution of stride 1, which takes three multiplications for two outputs (points 0, 1
// and infinity). Those of odd number are multiplied by w1: two points with the same weight. No transform multiplies.
#pragma once

#include "winograd-transforms.h"

namespace cemiflow {

// The points along both axes. The last ones of an axis share their weights, so that one matrix serves several of them.
// What belongs to one matrix lies side by side: its copies are further rows of one product.
template <int kAll, int kApart>
struct Points {
  static constexpr int kPlanes = kAll * kAll, kMatrices = kApart * kApart;

  static constexpr int apart(int i) { return i < kApart ? i : kApart - 1; }
  static constexpr int shared_by(int i) { return i == kApart - 1 ? kAll - kApart + 1 : 1; }
  static constexpr int matrix(int i, int j) { return apart(i) * kApart + apart(j); }
  static constexpr int copies(int matrix) { return shared_by(matrix / kApart) * shared_by(matrix % kApart); }
  // The number of the first plane of a matrix.
  static constexpr int plane(int matrix) {
    return matrix / kApart * kAll + matrix % kApart * shared_by(matrix / kApart);
  }
  // Where a point's row of `step` floats lies: each plane has `stride` floats, and a plane's rows are numbered.
  static constexpr int64_t place(int i, int j, int64_t stride, int64_t row, int64_t step) {
    const int of = matrix(i, j), copy = (i - apart(i)) * shared_by(apart(j)) + (j - apart(j));
    return plane(of) * stride + (row * copies(of) + copy) * step;
  }
};

struct StridedInputLine {
  static constexpr int kIn = 5, kOut = 5, kStep = 4, kMargin = 1;
  static inline void apply(const Floats* d, Floats* r) {
    r[0] = d[0] - d[2];
    r[1] = d[2];
    r[2] = d[4] - d[2];
    r[3] = d[1];
    r[4] = d[3];
  }
};

struct StridedWeightLine {
  static constexpr int kIn = 3, kOut = 4;
  static inline void apply(const Floats* g, Floats* r) {
    r[0] = g[0];
    r[1] = g[0] + g[2];
    r[2] = g[2];
    r[3] = g[1];
  }
};

struct StridedOutputLine {
  static constexpr int kIn = 5, kOut = 2;
  static inline void apply(const Floats* m, Floats* y) {
    y[0] = (m[0] + m[1]) + m[3];
    y[1] = (m[1] + m[2]) + m[4];
  }
};

// The input's gradient: dx[2j] = w1 dy[j] and dx[2j+1] = w2 dy[j] + w0 dy[j+1], with the weights turned.
struct SpreadInputLine {
  static constexpr int kIn = 3, kOut = 5, kStep = 2, kMargin = 0;
  static inline void apply(const Floats* d, Floats* r) {
    r[0] = d[0] - d[1];
    r[1] = d[1];
    r[2] = d[2] - d[1];
    r[3] = d[0];
    r[4] = d[1];
  }
};

struct SpreadOutputLine {
  static constexpr int kIn = 5, kOut = 4;
  static inline void apply(const Floats* m, Floats* y) {
    y[0] = m[3];
    y[1] = m[0] + m[1];
    y[2] = m[4];
    y[3] = m[1] + m[2];
  }
};

// The weights' gradient.
struct StridedGradientLine {
  static constexpr int kIn = 2, kOut = 5, kStep = 2, kMargin = 0;
  static inline void apply(const Floats* d, Floats* r) {
    r[0] = d[0];
    r[1] = d[0] + d[1];
    r[2] = d[1];
    r[3] = d[0];
    r[4] = d[1];
  }
};

struct StridedWeightGradientLine {
  static constexpr int kIn = 4, kOut = 3;
  static inline void apply(const Floats* m, Floats* w) {
    w[0] = m[0] + m[1];
    w[1] = m[3];
    w[2] = m[1] + m[2];
  }
};

// How a convolution is computed: forward and for the input's gradient, and for the weights' one.
struct Stride1 {
  using Grid = Points<kPatch, kPatch>;
  using In = InputLine;
  using Out = OutputLine;
  using Weight = WeightLine;
  using Gradient = GradientLine;
  using WeightGradient = WeightGradientLine;
};

struct Stride2 {
  using Grid = Points<5, 4>;
  using In = StridedInputLine;
  using Out = StridedOutputLine;
  using Weight = StridedWeightLine;
  using Gradient = StridedGradientLine;
  using WeightGradient = StridedWeightGradientLine;
};

struct Stride2InputGradient {
  using Grid = Points<5, 4>;
  using In = SpreadInputLine;
  using Out = SpreadOutputLine;
  using Weight = StridedWeightLine;
};

}  // namespace cemiflow
