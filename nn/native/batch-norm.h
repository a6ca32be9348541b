// Batch normalisation by the batch's own statistics: the image is read twice and written once, each way.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "blocks.h"
#include "numbers.h"
#include "parallel.h"

namespace cemiflow {

// How an image [N, C] is walked: in rows of as many positions as fill whole vectors, and in blocks of rows. The last
// positions may not fill a row.
struct RowBlocks {
  Blocks blocks;
  int64_t width;
  RowBlocks(int64_t positions, int64_t channels)
      : blocks(positions, channels), width(side_by_side(channels) * channels) {}

  // Adds each block's values up. `add(first, rows, column, vectors, sums)` takes a constant number of vectors of `rows`
  // whole rows, `add_one(at, lane, sums)` one value behind them. There are two sums for each lane of a row.
  template <class Add, class AddOne>
  void sum(const Parallel& parallel, std::vector<float>& sums, const Add& add, const AddOne& add_one) const {
    sums.assign(2 * width * blocks.count, 0.0f);
    for_each(parallel, blocks.count, [&](int64_t block) {
      const int64_t first = blocks.first(block) * blocks.channels, end = blocks.last(block) * blocks.channels;
      const int64_t rows = (end - first) / width;
      float* to = &sums[2 * width * block];
      columns(width, [&](int64_t c, auto vectors) { add(block, first + c, rows, c, vectors, to + c); });
      for (int64_t at = first + rows * width, lane = 0; at < end; at++, lane++) add_one(block, at, lane, to + lane);
    });
  }

  // Calls `body(at, lane)` for each vector and `one(at, lane)` for each value that fills none. From the last block to the
  // first, since the sums have left the last ones in the cache.
  template <class Body, class One>
  void walk(const Parallel& parallel, const Body& body, const One& one) const {
    for_each(parallel, blocks.count, [&](int64_t task) {
      const int64_t block = blocks.count - 1 - task;
      int64_t at = blocks.first(block) * blocks.channels;
      const int64_t end = blocks.last(block) * blocks.channels;
      for (; at + width <= end; at += width) {
        for (int64_t i = 0; i < width; i += kLanes) body(at + i, i);
      }
      for (int64_t i = 0; at + i < end; i++) one(at + i, i);
    });
  }

  // Both sums of a channel over a block's lanes.
  void of_channel(const std::vector<float>& sums, int64_t block, int64_t channel, double& first, double& second) const {
    first = second = 0;
    const float* from = &sums[2 * width * block];
    for (int64_t lane = channel; lane < width; lane += blocks.channels) {
      first += from[lane];
      second += from[width + lane];
    }
  }
};

// Mean, biased variance and unbiased variance of a channel, out of the sums of x − k and (x − k)² of its blocks, where k
// is a block's first value: near enough to the mean that nothing is lost where the mean is far from 0 (Chan et al. 1979).
template <class T>
void batch_statistics(const T* x, const RowBlocks& by, const std::vector<float>& sums, int64_t channel, float& mean,
                      float& variance, float& unbiased) {
  const Blocks& blocks = by.blocks;
  const double size = double(blocks.positions);
  const auto base = [&](int64_t block) { return double(widen(x[blocks.first(block) * blocks.channels + channel])); };
  const auto length = [&](int64_t block) { return double(blocks.last(block) - blocks.first(block)); };
  double total = 0, squares = 0, sum, square;
  for (int64_t block = 0; block < blocks.count; block++) {
    by.of_channel(sums, block, channel, sum, square);
    total += sum + length(block) * base(block);
  }
  const double mu = total / size;
  for (int64_t block = 0; block < blocks.count; block++) {
    by.of_channel(sums, block, channel, sum, square);
    const double off = base(block) - mu;
    squares += square + 2 * off * sum + length(block) * off * off;
  }
  squares = std::max(0.0, squares);
  mean = float(mu);
  variance = float(squares / size);
  unbiased = float(squares / std::max(1.0, size - 1));
}

// @param x [N, C] @param gamma, beta [C] @param mean, unbiased, inverse [C]; `inverse` is 1 / sqrt(variance + eps)
template <class T>
void batch_norm(const T* x, const float* gamma, const float* beta, T* y, float* mean, float* unbiased, float* inverse,
                int64_t positions, int64_t channels, float eps, const Parallel& parallel) {
  const RowBlocks by(positions, channels);
  const int64_t width = by.width;
  std::vector<float> sums;
  by.sum(
      parallel, sums,
      [&](int64_t block, int64_t from, int64_t rows, int64_t lane, auto vectors, float* to) {
        constexpr int kVectors = decltype(vectors)::value;
        Floats base[kVectors], sum[kVectors] = {}, square[kVectors] = {};
        for (int v = 0; v < kVectors; v++) {
          float first[kLanes];
          for (int i = 0; i < kLanes; i++)
            first[i] = widen(x[by.blocks.first(block) * channels + (lane + v * kLanes + i) % channels]);
          base[v] = load(first);
        }
        for (const T *row = x + from, *end = row + rows * width; row < end; row += width) {
          for (int v = 0; v < kVectors; v++) {
            const Floats off = load(row + v * kLanes) - base[v];
            sum[v] += off;
            square[v] += off * off;
          }
        }
        for (int v = 0; v < kVectors; v++) {
          store(to + v * kLanes, sum[v]);
          store(to + width + v * kLanes, square[v]);
        }
      },
      [&](int64_t block, int64_t at, int64_t lane, float* to) {
        const float off = widen(x[at]) - widen(x[by.blocks.first(block) * channels + lane % channels]);
        to[0] += off;
        to[width] += off * off;
      });
  std::vector<float> a(channels);
  for (int64_t c = 0; c < channels; c++) {
    float variance;
    batch_statistics(x, by, sums, c, mean[c], variance, unbiased[c]);
    inverse[c] = float(1 / std::sqrt(double(variance) + double(eps)));
    a[c] = inverse[c] * gamma[c];
  }
  const std::vector<float> scale = repeated(a.data(), channels), shift = repeated(beta, channels);
  const std::vector<float> off = repeated(mean, channels);
  by.walk(
      parallel,
      [&](int64_t at, int64_t i) { store(y + at, (load(x + at) - load(&off[i])) * load(&scale[i]) + load(&shift[i])); },
      [&](int64_t at, int64_t i) { narrow((widen(x[at]) - off[i]) * scale[i] + shift[i], y[at]); });
}

// dx = a (dy − mean(dy) − x̂ · mean(dy · x̂)), where a = gamma · inverse.
//
// @param dx may be dy @param d_gamma, d_beta [C]
template <class T>
void batch_norm_gradient(const T* dy, const T* x, const float* gamma, const float* mean, const float* inverse, T* dx,
                         float* d_gamma, float* d_beta, int64_t positions, int64_t channels, const Parallel& parallel) {
  const RowBlocks by(positions, channels);
  const int64_t width = by.width;
  const std::vector<float> off = repeated(mean, channels);
  std::vector<float> sums;
  by.sum(
      parallel, sums,
      [&](int64_t, int64_t from, int64_t rows, int64_t lane, auto vectors, float* to) {
        constexpr int kVectors = decltype(vectors)::value;
        Floats middle[kVectors], sum[kVectors] = {}, product[kVectors] = {};
        for (int v = 0; v < kVectors; v++) middle[v] = load(&off[lane + v * kLanes]);
        for (int64_t at = from; at < from + rows * width; at += width) {
          for (int v = 0; v < kVectors; v++) {
            const Floats gradient = load(dy + at + v * kLanes);
            sum[v] += gradient;
            product[v] += gradient * (load(x + at + v * kLanes) - middle[v]);
          }
        }
        for (int v = 0; v < kVectors; v++) {
          store(to + v * kLanes, sum[v]);
          store(to + width + v * kLanes, product[v]);
        }
      },
      [&](int64_t, int64_t at, int64_t lane, float* to) {
        to[0] += widen(dy[at]);
        to[width] += widen(dy[at]) * (widen(x[at]) - off[lane]);
      });
  std::vector<float> by_channel(3 * channels);
  float *p = by_channel.data(), *q = p + channels, *t = q + channels;
  for (int64_t c = 0; c < channels; c++) {
    double total = 0, products = 0, sum, product;
    for (int64_t block = 0; block < by.blocks.count; block++) {
      by.of_channel(sums, block, c, sum, product);
      total += sum;
      products += product;
    }
    d_beta[c] = float(total);
    d_gamma[c] = float(products * inverse[c]);
    const double a = double(gamma[c]) * inverse[c], size = double(positions);
    p[c] = float(a);
    q[c] = float(-a * products * inverse[c] * inverse[c] / size);
    t[c] = float(-a * total / size);
  }
  const std::vector<float> ps = repeated(p, channels), qs = repeated(q, channels), ts = repeated(t, channels);
  by.walk(
      parallel,
      [&](int64_t at, int64_t i) {
        store(dx + at, load(dy + at) * load(&ps[i]) + (load(x + at) - load(&off[i])) * load(&qs[i]) + load(&ts[i]));
      },
      [&](int64_t at, int64_t i) { narrow(widen(dy[at]) * ps[i] + (widen(x[at]) - off[i]) * qs[i] + ts[i], dx[at]); });
}

}  // namespace cemiflow
