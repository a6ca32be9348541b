// Where conv3x3.h is faster than a direct convolution.
#pragma once

#include "conv3x3-types.h"

namespace cemiflow {

enum class Conv3x3Pass { forward, input_gradient, weight_gradient };

// By shape alone, so that the same convolution is computed in the same way on every machine. Not `inline` but static:
// the linker must not merge it with one that was compiled for another instruction set.
//
// Of four multiplications one is left. What is lost again: pixels of tiles outside the map, channels that fill up a
// vector or a panel, and the transform of the weights, which takes the time of about 8 tiles. Where the rest exceeds
// the limits, Winograd took less time than oneDNN 3.7 on Zen 4 with AVX-512 (and BF16), measured on 40 shapes between
// 1x4x4 and 64x112x112 with 3 to 768 channels; on AVX2 it is ahead at more.
static bool conv3x3_pays(const Conv3x3Shape& s, Conv3x3Pass pass, bool bfloat16) {
  const auto filled = [](int64_t size, int64_t unit) {
    return static_cast<double>(size) / static_cast<double>((size + unit - 1) / unit * unit);
  };
  const bool transposed = pass == Conv3x3Pass::input_gradient;
  const double tiles = static_cast<double>(s.batch * ((s.height + 3) / 4) * ((s.width + 3) / 4));
  const double gain = 4 * filled(s.height, 4) * filled(s.width, 4) * filled(transposed ? s.out : s.in, 16) *
                      filled(transposed ? s.in : s.out, 32) * tiles / (tiles + 8);
  if (!bfloat16) return gain > 1.7;
  return gain > (pass == Conv3x3Pass::weight_gradient ? 2.0 : 2.6);
}

}  // namespace cemiflow
