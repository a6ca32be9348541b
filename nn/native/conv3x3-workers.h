// Tasks on a thread pool, each with memory that no other running task uses.
#pragma once

#include "conv3x3-types.h"
#include "vectors.h"

namespace cemiflow {

class Workers {
 public:
  // One for each thread of the pool, and one for a caller that lends a hand.
  static int64_t count(const Parallel& parallel) { return parallel.workers + 1; }

  static int64_t bytes(const Parallel& parallel, int64_t floats) {
    return flags(parallel) + count(parallel) * stride(floats) * 4;
  }

  Workers(const Parallel& parallel, void* scratch, int64_t floats)
      : parallel_(parallel),
        busy_(static_cast<char*>(scratch)),
        memory_(reinterpret_cast<float*>(busy_ + flags(parallel))),
        stride_(stride(floats)) {
    for (int64_t i = 0; i < count(parallel); i++) busy_[i] = 0;
  }

  // The first float behind the workers' memory.
  float* end() const { return memory_ + count(parallel_) * stride_; }

  // Runs task(index, memory) for each index below `count`.
  template <class Task>
  void run(int64_t count, const Task& task) {
    struct Context {
      Workers* workers;
      const Task* task;
    } context{this, &task};
    parallel_.run(
        parallel_.pool, count,
        [](void* opaque, int64_t index) {
          const Context& c = *static_cast<Context*>(opaque);
          const int64_t worker = c.workers->claim();
          (*c.task)(index, c.workers->memory_ + worker * c.workers->stride_);
          __atomic_clear(c.workers->busy_ + worker, __ATOMIC_RELEASE);
        },
        &context);
  }

 private:
  static int64_t flags(const Parallel& parallel) { return ceil_div(count(parallel), 64) * 64; }
  static int64_t stride(int64_t floats) { return ceil_div(floats, 16) * 16; }

  // Which worker's memory a task gets does not matter to its result: all of it is written before it is read.
  int64_t claim() {
    for (int64_t i = 0;; i = (i + 1) % count(parallel_)) {
      if (!__atomic_test_and_set(busy_ + i, __ATOMIC_ACQUIRE)) return i;
    }
  }

  const Parallel& parallel_;
  char* busy_;
  float* memory_;
  int64_t stride_;
};

}  // namespace cemiflow
