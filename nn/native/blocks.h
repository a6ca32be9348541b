// How kernels cut their work, by shape alone, so that no sum depends on the number of threads.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

namespace cemiflow {

// Channels of which a loop over positions keeps the sums in registers.
constexpr int64_t kStrip = 32;
// Values of one task. Fixed, so that sums do not depend on the number of threads.
constexpr int64_t kBlock = 16384;

// How an image [N, C] is cut into blocks of whole positions.
struct Blocks {
  int64_t positions, channels, each, count;
  Blocks(int64_t n, int64_t c) : positions(n), channels(c) {
    each = std::max<int64_t>(1, kBlock / c);
    count = (n + each - 1) / each;
  }
  int64_t first(int64_t block) const { return block * each; }
  int64_t last(int64_t block) const { return std::min(positions, (block + 1) * each); }
};

// Calls `body(channel, width)` for lanes of channels; `width` is a constant in all but the last.
template <class Body>
inline void lanes(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + kStrip <= channels; c += kStrip) body(c, std::integral_constant<int64_t, kStrip>{});
  if (c < channels) body(c, channels - c);
}

// Positions side by side that fill whole vectors of up to 16 floats: 2 of 24 channels, 1 of 32.
inline int64_t side_by_side(int64_t channels) { return 16 / std::gcd(channels, int64_t{16}); }

// Numbers by channel, repeated for that many positions.
inline std::vector<float> repeated(const float* numbers, int64_t channels) {
  std::vector<float> all;
  for (int64_t i = 0; i < side_by_side(channels); i++) all.insert(all.end(), numbers, numbers + channels);
  return all;
}

}  // namespace cemiflow
