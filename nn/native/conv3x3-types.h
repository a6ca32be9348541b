// What callers of conv3x3.h pass, the same for every instruction set.
#pragma once

#include <cstdint>

namespace cemiflow {

// The convolution x [batch, height, width, in], w [3, 3, in, out], y [batch, height, width, out], also where one of its
// gradients is computed. All sizes are at least 1.
struct Conv3x3Shape {
  int64_t batch, height, width, in, out;
};

// A thread pool. `run` calls task(context, i) once for each i in [0, count), in any order, on up to `workers` threads
// and the caller's, and returns when all are done. A task may take only microseconds, so it should hand out ranges of
// them. Function pointers rather than std::function: the linker would merge the template's code of all instruction
// sets, perhaps to one that this CPU does not have.
struct Parallel {
  void* pool;
  int workers;
  void (*run)(void* pool, int64_t count, void (*task)(void* context, int64_t index), void* context);
};

}  // namespace cemiflow
