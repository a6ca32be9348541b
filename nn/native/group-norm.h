// Group normalisation with scale and shift by sample, and SiLU behind it: the image is read twice and written once.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "blocks.h"
#include "numbers.h"
#include "parallel.h"

namespace cemiflow {

// y = x · a + b, then SiLU where it is asked for.
template <bool kSilu>
inline float activated(float z) {
  return kSilu ? z * sigmoid(z) : z;
}

// Derivative of what `activated` gives.
template <bool kSilu>
inline float slope(float z) {
  if (!kSilu) return 1.0f;
  const float s = sigmoid(z);
  return s * (1.0f + z * (1.0f - s));
}

// Sums of a block by channel of x − k and (x − k)², where k is the block's first value: near enough to the mean that
// nothing is lost where the mean is far from 0.
template <class T>
void block_sums(const T* x, int64_t first, int64_t last, int64_t channels, float* sums, float* squares) {
  lanes(channels, [&](int64_t c, auto width) {
    float sum[kStrip] = {}, square[kStrip] = {}, base[kStrip];
    for (int64_t i = 0; i < width; i++) base[i] = widen(x[first * channels + c + i]);
    for (int64_t n = first; n < last; n++) {
      const T* row = x + n * channels + c;
      for (int64_t i = 0; i < width; i++) {
        const float d = widen(row[i]) - base[i];
        sum[i] += d;
        square[i] += d * d;
      }
    }
    for (int64_t i = 0; i < width; i++) {
      sums[c + i] = sum[i];
      squares[c + i] = square[i];
    }
  });
}

// Mean and 1 / sqrt(variance + eps) of each group, out of the sums of blocks (Chan et al. 1979).
template <class T>
void group_statistics(const T* x, const Blocks& blocks, int64_t groups, float eps, const float* sums,
                      const float* squares, float* mean, float* inverse) {
  const int64_t c = blocks.channels, per_group = c / groups;
  const auto base = [&](int64_t block, int64_t ch) { return double(widen(x[blocks.first(block) * c + ch])); };
  for (int64_t g = 0; g < groups; g++) {
    double total = 0;
    for (int64_t s = 0; s < blocks.count; s++) {
      const double n = double(blocks.last(s) - blocks.first(s));
      for (int64_t ch = g * per_group; ch < (g + 1) * per_group; ch++) total += sums[s * c + ch] + n * base(s, ch);
    }
    const double size = double(blocks.positions * per_group), mu = total / size;
    double variance = 0;
    for (int64_t s = 0; s < blocks.count; s++) {
      const double n = double(blocks.last(s) - blocks.first(s));
      for (int64_t ch = g * per_group; ch < (g + 1) * per_group; ch++) {
        const double off = base(s, ch) - mu;
        variance += squares[s * c + ch] + 2 * off * sums[s * c + ch] + n * off * off;
      }
    }
    mean[g] = float(mu);
    inverse[g] = float(1 / std::sqrt(std::max(0.0, variance / size) + double(eps)));
  }
}

// The image as the kernels see it.
struct NormShape {
  int64_t batch, positions, channels, groups;
};

// x · a + b by channel of one sample, from its statistics: a = r · scale, b = shift − μ · a.
inline void coefficients(const NormShape& s, const float* scale, const float* shift, const float* mean,
                         const float* inverse, float* a, float* b) {
  const int64_t per_group = s.channels / s.groups;
  for (int64_t c = 0; c < s.channels; c++) {
    a[c] = inverse[c / per_group] * scale[c];
    b[c] = shift[c] - mean[c / per_group] * a[c];
  }
}

template <class T, bool kSilu>
void norm_apply(const T* x, T* y, const float* a, const float* b, int64_t first, int64_t last, int64_t channels) {
  for (int64_t n = first; n < last; n++) {
    const T* from = x + n * channels;
    T* to = y + n * channels;
    for (int64_t c = 0; c < channels; c++) narrow(activated<kSilu>(widen(from[c]) * a[c] + b[c]), to[c]);
  }
}

// @param scale, shift [B, C] @param y [B, N, C] @param mean, inverse [B, G]
template <class T, bool kSilu>
void group_norm(const T* x, const float* scale, const float* shift, T* y, float* mean, float* inverse, NormShape s,
                float eps, const Parallel& parallel) {
  const Blocks blocks(s.positions, s.channels);
  const int64_t image = s.positions * s.channels, sums = blocks.count * s.channels;
  std::vector<float> partial(2 * s.batch * sums), ab(2 * s.batch * s.channels);
  const auto sample = [&](int64_t task) { return task / blocks.count; };
  for_each(parallel, s.batch * blocks.count, [&](int64_t task) {
    const int64_t b = sample(task), block = task % blocks.count;
    float* at = partial.data() + 2 * b * sums + block * s.channels;
    block_sums(x + b * image, blocks.first(block), blocks.last(block), s.channels, at, at + sums);
  });
  for_each(parallel, s.batch, [&](int64_t b) {
    const float* at = partial.data() + 2 * b * sums;
    group_statistics(x + b * image, blocks, s.groups, eps, at, at + sums, mean + b * s.groups, inverse + b * s.groups);
    float* a = ab.data() + 2 * b * s.channels;
    coefficients(s, scale + b * s.channels, shift + b * s.channels, mean + b * s.groups, inverse + b * s.groups, a,
                 a + s.channels);
  });
  for_each(parallel, s.batch * blocks.count, [&](int64_t task) {
    const int64_t b = sample(task), block = task % blocks.count;
    const float* a = ab.data() + 2 * b * s.channels;
    norm_apply<T, kSilu>(x + b * image, y + b * image, a, a + s.channels, blocks.first(block), blocks.last(block),
                         s.channels);
  });
}

// What the way back needs of one sample, by channel.
struct Backward {
  std::vector<float> a, b, mean, p, q, t;
  explicit Backward(int64_t channels)
      : a(channels), b(channels), mean(channels), p(channels), q(channels), t(channels) {}
};

// Sums of a block by channel of dz and of dz · (x − μ), where dz is the gradient before the activation.
template <class T, bool kSilu>
void block_gradient_sums(const T* dy, const T* x, const Backward& k, int64_t first, int64_t last, int64_t channels,
                         float* d1, float* d2) {
  lanes(channels, [&](int64_t c, auto width) {
    float sum[kStrip] = {}, product[kStrip] = {};
    for (int64_t n = first; n < last; n++) {
      const T* xs = x + n * channels + c;
      const T* dys = dy + n * channels + c;
      for (int64_t i = 0; i < width; i++) {
        const float value = widen(xs[i]);
        const float dz = widen(dys[i]) * slope<kSilu>(value * k.a[c + i] + k.b[c + i]);
        sum[i] += dz;
        product[i] += dz * (value - k.mean[c + i]);
      }
    }
    for (int64_t i = 0; i < width; i++) {
      d1[c + i] = sum[i];
      d2[c + i] = product[i];
    }
  });
}

// Gradients of one sample's scale and shift, and the coefficients of dx = p · dz + q · (x − μ) + t: with k₁ and k₂ the means
// over a group of scale · dz and of scale · dz · x̂, dx = r (scale · dz − k₁ − k₂ · x̂).
inline void gradient_coefficients(const NormShape& s, const Blocks& blocks, const float* d1, const float* d2,
                                  const float* scale, const float* inverse, float* d_scale, float* d_shift,
                                  Backward& k) {
  const int64_t per_group = s.channels / s.groups;
  const double size = double(s.positions * per_group);
  for (int64_t g = 0; g < s.groups; g++) {
    double k1 = 0, k2 = 0;
    for (int64_t c = g * per_group; c < (g + 1) * per_group; c++) {
      double sum = 0, product = 0;
      for (int64_t block = 0; block < blocks.count; block++) {
        sum += d1[block * s.channels + c];
        product += d2[block * s.channels + c];
      }
      d_shift[c] = float(sum);
      d_scale[c] = float(product * inverse[g]);
      k1 += sum * scale[c];
      k2 += product * inverse[g] * scale[c];
    }
    for (int64_t c = g * per_group; c < (g + 1) * per_group; c++) {
      k.p[c] = inverse[g] * scale[c];
      k.q[c] = float(-k2 / size * inverse[g] * inverse[g]);
      k.t[c] = float(-k1 / size * inverse[g]);
    }
  }
}

template <class T, bool kSilu>
void norm_gradient_apply(const T* dy, const T* x, T* dx, const Backward& k, int64_t first, int64_t last,
                         int64_t channels) {
  const float *a = k.a.data(), *b = k.b.data(), *mean = k.mean.data();
  const float *p = k.p.data(), *q = k.q.data(), *t = k.t.data();
  for (int64_t n = first; n < last; n++) {
    const int64_t at = n * channels;
    for (int64_t c = 0; c < channels; c++) {
      const float value = widen(x[at + c]);
      const float dz = widen(dy[at + c]) * slope<kSilu>(value * a[c] + b[c]);
      narrow(dz * p[c] + (value - mean[c]) * q[c] + t[c], dx[at + c]);
    }
  }
}

// @param dx may be dy
template <class T, bool kSilu>
void group_norm_gradient(const T* dy, const T* x, const float* scale, const float* shift, const float* mean,
                         const float* inverse, T* dx, float* d_scale, float* d_shift, NormShape s,
                         const Parallel& parallel) {
  const Blocks blocks(s.positions, s.channels);
  const int64_t image = s.positions * s.channels, sums = blocks.count * s.channels;
  const int64_t per_group = s.channels / s.groups;
  std::vector<float> partial(2 * s.batch * sums);
  std::vector<Backward> of(s.batch, Backward(s.channels));
  for_each(parallel, s.batch, [&](int64_t b) {
    coefficients(s, scale + b * s.channels, shift + b * s.channels, mean + b * s.groups, inverse + b * s.groups,
                 of[b].a.data(), of[b].b.data());
    for (int64_t c = 0; c < s.channels; c++) of[b].mean[c] = mean[b * s.groups + c / per_group];
  });
  for_each(parallel, s.batch * blocks.count, [&](int64_t task) {
    const int64_t b = task / blocks.count, block = task % blocks.count;
    float* at = partial.data() + 2 * b * sums + block * s.channels;
    block_gradient_sums<T, kSilu>(dy + b * image, x + b * image, of[b], blocks.first(block), blocks.last(block),
                                  s.channels, at, at + sums);
  });
  for_each(parallel, s.batch, [&](int64_t b) {
    const float* at = partial.data() + 2 * b * sums;
    gradient_coefficients(s, blocks, at, at + sums, scale + b * s.channels, inverse + b * s.groups,
                          d_scale + b * s.channels, d_shift + b * s.channels, of[b]);
  });
  for_each(parallel, s.batch * blocks.count, [&](int64_t task) {
    const int64_t b = task / blocks.count, block = task % blocks.count;
    norm_gradient_apply<T, kSilu>(dy + b * image, x + b * image, dx + b * image, of[b], blocks.first(block),
                                  blocks.last(block), s.channels);
  });
}

}  // namespace cemiflow
