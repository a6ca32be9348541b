// x · scale + shift and PReLU, with one number of each by channel, in one pass.
#pragma once
#include <vector>

#include "blocks.h"
#include "numbers.h"
#include "parallel.h"

namespace cemiflow {

// y = x · scale + shift. @param x [N, C] @param scale, shift [C]
template <class T>
void affine(const T* x, const float* scale, const float* shift, T* y, int64_t positions, int64_t channels,
            const Parallel& parallel) {
  const Blocks blocks(positions, channels);
  for_each(parallel, blocks.count, [&](int64_t block) {
    for (int64_t n = blocks.first(block); n < blocks.last(block); n++) {
      const int64_t at = n * channels;
      for (int64_t c = 0; c < channels; c++) narrow(widen(x[at + c]) * scale[c] + shift[c], y[at + c]);
    }
  });
}

// max(0, x) + slope · min(0, x). @param x [N, C] @param slopes [C]
template <class T>
void prelu(const T* x, const float* slopes, T* y, int64_t positions, int64_t channels, const Parallel& parallel) {
  const Blocks blocks(positions, channels);
  const std::vector<float> by = repeated(slopes, channels);
  const int64_t width = by.size();
  for_each(parallel, blocks.count, [&](int64_t block) {
    int64_t at = blocks.first(block) * channels;
    const int64_t end = blocks.last(block) * channels;
    for (; at + width <= end; at += width) {
      for (int64_t i = 0; i < width; i += kLanes) {
        const Floats value = load(x + at + i);
        store(y + at + i, value > 0 ? value : value * load(&by[i]));
      }
    }
    for (int64_t i = 0; at + i < end; i++) {
      const float value = widen(x[at + i]);
      narrow(value > 0 ? value : value * by[i], y[at + i]);
    }
  });
}

// `kVectors` columns of vectors of `prelu_gradient`. @param sums of the gradients of the slopes
template <int kVectors, class T>
inline void prelu_gradient_columns(const T* dy, const T* x, const float* by, T* dx, float* sums, int64_t rows,
                                   int64_t width) {
  Floats slopes[kVectors], sum[kVectors] = {};
  for (int v = 0; v < kVectors; v++) slopes[v] = load(by + v * kLanes);
  for (int64_t row = 0; row < rows; row++) {
    for (int v = 0; v < kVectors; v++) {
      const int64_t at = row * width + v * kLanes;
      const Floats value = load(x + at), gradient = load(dy + at);
      sum[v] += value > 0 ? Floats{} : gradient * value;
      store(dx + at, value > 0 ? gradient : gradient * slopes[v]);
    }
  }
  for (int v = 0; v < kVectors; v++) store(sums + v * kLanes, sum[v]);
}

// @param dx may be dy @param d_slopes [C]
template <class T>
void prelu_gradient(const T* dy, const T* x, const float* slopes, T* dx, float* d_slopes, int64_t positions,
                    int64_t channels, const Parallel& parallel) {
  const Blocks blocks(positions, channels);
  const std::vector<float> by = repeated(slopes, channels);
  const int64_t width = by.size();
  std::vector<float> partial(blocks.count * width);
  for_each(parallel, blocks.count, [&](int64_t block) {
    int64_t at = blocks.first(block) * channels;
    const int64_t end = blocks.last(block) * channels, rows = (end - at) / width;
    float* sums = &partial[block * width];
    int64_t c = 0;
    for (; c + 2 * kLanes <= width; c += 2 * kLanes)
      prelu_gradient_columns<2>(dy + at + c, x + at + c, &by[c], dx + at + c, sums + c, rows, width);
    for (; c < width; c += kLanes)
      prelu_gradient_columns<1>(dy + at + c, x + at + c, &by[c], dx + at + c, sums + c, rows, width);
    at += rows * width;
    for (int64_t i = 0; at + i < end; i++) {
      const float value = widen(x[at + i]), gradient = widen(dy[at + i]);
      sums[i] += value > 0 ? 0.0f : gradient * value;
      narrow(value > 0 ? gradient : gradient * by[i], dx[at + i]);
    }
  });
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0;
    for (int64_t at = c; at < int64_t(partial.size()); at += channels) sum += partial[at];
    d_slopes[c] = float(sum);
  }
}

}  // namespace cemiflow
