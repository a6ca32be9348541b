// Threads for kernels, whoever owns them.
#pragma once

#include <cstdint>

namespace cemiflow {

// A thread pool. `run` calls task(context, i) once for each i in [0, count), in any order, on at most `workers` threads
// at a time besides the caller's, and returns when all are done.
struct Parallel {
  void* pool;
  int workers;
  void (*run)(void* pool, int64_t count, void (*task)(void* context, int64_t index), void* context);
};

// Calls task(i) for each i in [0, count), in any order.
template <class Task>
void for_each(const Parallel& parallel, int64_t count, const Task& task) {
  const auto call = [](void* context, int64_t index) { (*static_cast<const Task*>(context))(index); };
  parallel.run(parallel.pool, count, call, const_cast<Task*>(&task));
}

}  // namespace cemiflow
