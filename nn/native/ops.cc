// The library: ops with shapes and types over the kernels, threads by TensorFlow's own pool. Node loads it as an addon, which
// registers them.
#include "batch-norm-ops.h"
#include "conv-ops.h"
#include "norm-ops.h"
#include "sample-ops.h"

// Node's way to load an addon; there is nothing to hand over.
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) { return exports; }
