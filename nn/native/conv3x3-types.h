// What callers of conv3x3.h pass.
#pragma once

#include <cstdint>

#include "parallel.h"

namespace cemiflow {

// Pixels of x along an axis that belong to a tile, with either stride.
constexpr int kTile = 4;

// The convolution x [batch, height, width, in], w [3, 3, in, out], y [batch, height / stride, width / stride, out] of
// padding 1, also where one of its gradients is computed. The stride is 1 or 2. All sizes are at least 1.
struct Conv3x3Shape {
  int64_t batch, height, width, in, out, stride;
};

}  // namespace cemiflow
