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
  for_each(parallel, blocks.count, [&](int64_t block) {
    for (int64_t n = blocks.first(block); n < blocks.last(block); n++) {
      const int64_t at = n * channels;
      for (int64_t c = 0; c < channels; c++) {
        const float value = widen(x[at + c]);
        narrow(value > 0 ? value : value * slopes[c], y[at + c]);
      }
    }
  });
}

// @param dx may be dy @param d_slopes [C]
template <class T>
void prelu_gradient(const T* dy, const T* x, const float* slopes, T* dx, float* d_slopes, int64_t positions,
                    int64_t channels, const Parallel& parallel) {
  const Blocks blocks(positions, channels);
  std::vector<float> partial(blocks.count * channels);
  for_each(parallel, blocks.count, [&](int64_t block) {
    lanes(channels, [&](int64_t c, auto width) {
      float sum[kStrip] = {};
      for (int64_t n = blocks.first(block); n < blocks.last(block); n++) {
        const int64_t at = n * channels + c;
        for (int64_t i = 0; i < width; i++) {
          const float value = widen(x[at + i]), gradient = widen(dy[at + i]);
          sum[i] += value > 0 ? 0.0f : gradient * value;
          narrow(value > 0 ? gradient : gradient * slopes[c + i], dx[at + i]);
        }
      }
      for (int64_t i = 0; i < width; i++) partial[block * channels + c + i] = sum[i];
    });
  });
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0;
    for (int64_t block = 0; block < blocks.count; block++) sum += partial[block * channels + c];
    d_slopes[c] = float(sum);
  }
}

}  // namespace cemiflow
