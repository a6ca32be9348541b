// What squeeze and excitation needs of images [B, N, C]: sums over positions, and x * scale + shift with numbers of each
// sample's own.
#pragma once
#include <vector>

#include "blocks.h"
#include "numbers.h"
#include "parallel.h"

namespace cemiflow {

// Sums over positions of x * other, or of x where there is no other. @param sums [B, C]
template <class T>
void position_sums(const T* x, const T* other, float* sums, int64_t batch, int64_t positions, int64_t channels,
                   const Parallel& parallel) {
  const Blocks blocks(positions, channels);
  std::vector<float> partial(batch * blocks.count * channels);
  for_each(parallel, batch * blocks.count, [&](int64_t task) {
    const int64_t image = task / blocks.count * positions * channels, block = task % blocks.count;
    lanes(channels, [&](int64_t c, auto width) {
      float sum[kStrip] = {};
      for (int64_t n = blocks.first(block); n < blocks.last(block); n++) {
        const int64_t at = image + n * channels + c;
        for (int64_t i = 0; i < width; i++) sum[i] += widen(x[at + i]) * (other ? widen(other[at + i]) : 1.0f);
      }
      for (int64_t i = 0; i < width; i++) partial[task * channels + c + i] = sum[i];
    });
  });
  for (int64_t b = 0; b < batch; b++) {
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0;
      for (int64_t block = 0; block < blocks.count; block++) sum += partial[(b * blocks.count + block) * channels + c];
      sums[b * channels + c] = float(sum);
    }
  }
}

// y = x * scale + shift. @param scale, shift [B, C]
template <class T>
void sample_affine(const T* x, const float* scale, const float* shift, T* y, int64_t batch, int64_t positions,
                   int64_t channels, const Parallel& parallel) {
  const Blocks blocks(positions, channels);
  for_each(parallel, batch * blocks.count, [&](int64_t task) {
    const int64_t b = task / blocks.count, block = task % blocks.count;
    const float* by = scale + b * channels;
    const float* plus = shift + b * channels;
    for (int64_t n = blocks.first(block); n < blocks.last(block); n++) {
      const int64_t at = (b * positions + n) * channels;
      for (int64_t c = 0; c < channels; c++) narrow(widen(x[at + c]) * by[c] + plus[c], y[at + c]);
    }
  });
}

}  // namespace cemiflow
