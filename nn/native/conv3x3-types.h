// What callers of conv3x3.h pass.
#pragma once

#include <cstdint>

#include "parallel.h"

namespace cemiflow {

// The convolution x [batch, height, width, in], w [3, 3, in, out], y [batch, height, width, out], also where one of its
// gradients is computed. All sizes are at least 1.
struct Conv3x3Shape {
  int64_t batch, height, width, in, out;
};

}  // namespace cemiflow
