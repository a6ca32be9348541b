// What callers of conv3x3.h pass, the same for every instruction set.
#pragma once

#include <cstdint>

namespace cemiflow {

// The convolution itself: x [batch, height, width, in], w [3, 3, in, out], y [batch, height, width, out]. Also for its
// gradients.
struct Conv3x3Shape {
  int64_t batch, height, width, in, out;
};

// A thread pool. `run` calls task(context, i) once for each i in [0, count), in any order, on at most `workers` threads
// at a time, and returns when all are done. Function pointers rather than std::function: code of a template that several
// instruction sets share would be merged by the linker, perhaps to one that this CPU does not have.
struct Parallel {
  void* pool;
  int workers;
  void (*run)(void* pool, int64_t count, void (*task)(void* context, int64_t index), void* context);
};

}  // namespace cemiflow
