// What every op of ours needs of TensorFlow.
#pragma once
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

#include "numbers.h"
#include "parallel.h"

namespace cemiflow {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::InferenceContext;

template <class T> struct Stored;
template <> struct Stored<float> { using type = float; };
template <> struct Stored<tensorflow::bfloat16> { using type = bf16; };

// Tasks on TensorFlow's pool for the work inside one op; the caller works too. Handed out in ranges, since one may take
// microseconds only.
Parallel pool(OpKernelContext* context) {
  const auto* threads = context->device()->tensorflow_cpu_worker_threads();
  const auto run = [](void* workers, int64_t count, void (*task)(void*, int64_t), void* of) {
    auto* const pool = static_cast<tsl::thread::ThreadPool*>(workers);
    // TensorFlow would wake its only thread for half of the work.
    if (pool->NumThreads() == 1) {
      for (int64_t i = 0; i < count; i++) task(of, i);
      return;
    }
    const int64_t each = std::max<int64_t>(1, count / (8 * pool->NumThreads()));
    pool->ParallelFor(count, tsl::thread::ThreadPool::SchedulingParams::Fixed(each), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) task(of, i);
    });
  };
  return {threads->workers, threads->num_threads, run};
}

template <class T>
const T* in(OpKernelContext* context, int i) {
  return reinterpret_cast<const T*>(context->input(i).tensor_data().data());
}

template <class T>
T* out(Tensor* tensor) {
  return reinterpret_cast<T*>(const_cast<char*>(tensor->tensor_data().data()));
}

// Output i has the shape of input `from[i]`; -1 leaves it open.
auto like(std::vector<int> from) {
  return [from](InferenceContext* c) {
    for (size_t i = 0; i < from.size(); i++) c->set_output(i, from[i] < 0 ? c->UnknownShape() : c->input(from[i]));
    return absl::OkStatus();
  };
}

// Registers a kernel for float32 and bfloat16.
#define CEMIFLOW_REGISTER(op, kernel)                                                                         \
  REGISTER_KERNEL_BUILDER(Name(op).Device(tensorflow::DEVICE_CPU).TypeConstraint<float>("T"), kernel<float>); \
  REGISTER_KERNEL_BUILDER(Name(op).Device(tensorflow::DEVICE_CPU).TypeConstraint<tensorflow::bfloat16>("T"), kernel<tensorflow::bfloat16>)

}  // namespace cemiflow
