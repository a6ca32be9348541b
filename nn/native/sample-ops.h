// Ops of squeeze and excitation.
#pragma once
#include "samples.h"
#include "tensorflow-ops.h"

namespace cemiflow {
namespace {

template <class Wire>
class PositionSumsOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  explicit PositionSumsOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("others", &others_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    OP_REQUIRES(context,
                x.dims() == 4 && x.NumElements() > 0 && (others_ == 0 || context->input(1).shape() == x.shape()),
                absl::InvalidArgumentError("sums over positions take images [B, H, W, C] of one shape"));
    const int64_t batch = x.dim_size(0), channels = x.dim_size(3);
    Tensor* sums;
    OP_REQUIRES_OK(context, context->allocate_output(0, TensorShape({batch, channels}), &sums));
    position_sums<T>(in<T>(context, 0), others_ > 0 ? in<T>(context, 1) : nullptr, out<float>(sums), batch,
                     x.dim_size(1) * x.dim_size(2), channels, pool(context));
  }

 private:
  int64_t others_;
};

template <class Wire>
class SampleAffineOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    OP_REQUIRES(context, x.dims() == 4 && x.NumElements() > 0,
                absl::InvalidArgumentError("an affine map by sample takes images [B, H, W, C]"));
    const int64_t batch = x.dim_size(0), channels = x.dim_size(3);
    const TensorShape rows({batch, channels});
    OP_REQUIRES(context, context->input(1).shape() == rows && context->input(2).shape() == rows,
                absl::InvalidArgumentError("an affine map by sample takes scale and shift [B, C]"));
    Tensor* y;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &y));
    sample_affine<T>(in<T>(context, 0), in<float>(context, 1), in<float>(context, 2), out<T>(y), batch,
                     x.dim_size(1) * x.dim_size(2), channels, pool(context));
  }
};

REGISTER_OP("CemiflowPositionSums")
    .Attr("T: {float, bfloat16}")
    .Attr("others: int >= 0")
    .Input("x: T")
    .Input("other: others * T")
    .Output("sums: float")
    .SetShapeFn(like({-1}));

REGISTER_OP("CemiflowSampleAffine")
    .Attr("T: {float, bfloat16}")
    .Input("x: T")
    .Input("scale: float")
    .Input("shift: float")
    .Output("y: T")
    .SetShapeFn(like({0}));

CEMIFLOW_REGISTER("CemiflowPositionSums", PositionSumsOp);
CEMIFLOW_REGISTER("CemiflowSampleAffine", SampleAffineOp);

}  // namespace
}  // namespace cemiflow
