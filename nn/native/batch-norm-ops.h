// Ops of batch normalisation in training.
#pragma once
#include "batch-norm.h"
#include "tensorflow-ops.h"

namespace cemiflow {
namespace {

// Whether x is [..., C] and the operands from `first` to `last` have one number for each of its channels.
bool have_channels_of(OpKernelContext* context, const Tensor& x, int first, int last) {
  bool fits = x.dims() > 0 && x.NumElements() > 0;
  for (int i = first; fits && i <= last; i++)
    fits = context->input(i).shape() == TensorShape({x.dim_size(x.dims() - 1)});
  return fits;
}

template <class Wire>
class BatchNormOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  explicit BatchNormOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    OP_REQUIRES(context, have_channels_of(context, x, 1, 2),
                absl::InvalidArgumentError("batch norm takes x [..., C], gamma and beta [C]"));
    const TensorShape& numbers = context->input(1).shape();
    const int64_t channels = numbers.num_elements();
    Tensor *y, *mean, *variance, *inverse;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, numbers, &mean));
    OP_REQUIRES_OK(context, context->allocate_output(2, numbers, &variance));
    OP_REQUIRES_OK(context, context->allocate_output(3, numbers, &inverse));
    batch_norm(in<T>(context, 0), in<float>(context, 1), in<float>(context, 2), out<T>(y), out<float>(mean),
               out<float>(variance), out<float>(inverse), x.NumElements() / channels, channels, eps_, pool(context));
  }

 private:
  float eps_;
};

template <class Wire>
class BatchNormGradOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1);
    OP_REQUIRES(context, dy.shape() == x.shape() && have_channels_of(context, x, 2, 4),
                absl::InvalidArgumentError("the gradient of batch norm takes dy and x [..., C], gamma and statistics [C]"));
    const TensorShape& numbers = context->input(2).shape();
    const int64_t channels = numbers.num_elements();
    Tensor *dx, *d_gamma, *d_beta;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, numbers, &d_gamma));
    OP_REQUIRES_OK(context, context->allocate_output(2, numbers, &d_beta));
    batch_norm_gradient(in<T>(context, 0), in<T>(context, 1), in<float>(context, 2), in<float>(context, 3),
                        in<float>(context, 4), out<T>(dx), out<float>(d_gamma), out<float>(d_beta),
                        x.NumElements() / channels, channels, pool(context));
  }
};

REGISTER_OP("CemiflowBatchNorm")
    .Attr("T: {float, bfloat16}")
    .Attr("eps: float")
    .Input("x: T")
    .Input("gamma: float")
    .Input("beta: float")
    .Output("y: T")
    .Output("mean: float")
    .Output("variance: float")
    .Output("inverse: float")
    .SetShapeFn(like({0, 1, 1, 1}));

REGISTER_OP("CemiflowBatchNormGrad")
    .Attr("T: {float, bfloat16}")
    .Input("dy: T")
    .Input("x: T")
    .Input("gamma: float")
    .Input("mean: float")
    .Input("inverse: float")
    .Output("dx: T")
    .Output("d_gamma: float")
    .Output("d_beta: float")
    .SetShapeFn(like({1, 2, 2}));

CEMIFLOW_REGISTER("CemiflowBatchNorm", BatchNormOp);
CEMIFLOW_REGISTER("CemiflowBatchNormGrad", BatchNormGradOp);

}  // namespace
}  // namespace cemiflow
