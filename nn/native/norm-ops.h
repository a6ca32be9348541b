// Ops of normalisations and activations.
#pragma once
#include "channels.h"
#include "group-norm.h"
#include "tensorflow-ops.h"

namespace cemiflow {
namespace {

// [B, …, C] with a number of groups.
NormShape sizes_of(const Tensor& x, int64_t groups) {
  const int64_t batch = x.dim_size(0), channels = x.dim_size(x.dims() - 1);
  return {batch, batch * channels == 0 ? 0 : x.NumElements() / (batch * channels), channels, groups};
}

absl::Status check(const Tensor& x, const Tensor& scale, const Tensor& shift, int64_t groups) {
  const NormShape s = sizes_of(x, groups);
  const TensorShape rows({s.batch, s.channels});
  if (x.dims() < 2 || x.NumElements() == 0 || groups < 1 || s.channels % groups != 0 || scale.shape() != rows ||
      shift.shape() != rows)
    return absl::InvalidArgumentError("group norm takes x [B, ..., C], scale and shift [B, C], and groups that divide C");
  return absl::OkStatus();
}

template <class Wire>
class GroupNormOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  explicit GroupNormOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("groups", &groups_));
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
    OP_REQUIRES_OK(context, context->GetAttr("silu", &silu_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    OP_REQUIRES_OK(context, check(x, context->input(1), context->input(2), groups_));
    const NormShape s = sizes_of(x, groups_);
    Tensor *y, *mean, *inverse;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, TensorShape({s.batch, s.groups}), &mean));
    OP_REQUIRES_OK(context, context->allocate_output(2, TensorShape({s.batch, s.groups}), &inverse));
    (silu_ ? group_norm<T, true> : group_norm<T, false>)(in<T>(context, 0), in<float>(context, 1), in<float>(context, 2), out<T>(y),
                                out<float>(mean), out<float>(inverse), s, eps_, pool(context));
  }

 private:
  int64_t groups_;
  float eps_;
  bool silu_;
};

template <class Wire>
class GroupNormGradOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  explicit GroupNormGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("groups", &groups_));
    OP_REQUIRES_OK(context, context->GetAttr("silu", &silu_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &scale = context->input(2);
    OP_REQUIRES_OK(context, check(x, scale, context->input(3), groups_));
    const NormShape s = sizes_of(x, groups_);
    const TensorShape groups({s.batch, s.groups});
    OP_REQUIRES(context,
                dy.shape() == x.shape() && context->input(4).shape() == groups && context->input(5).shape() == groups,
                absl::InvalidArgumentError("the gradient of group norm takes dy like x, and statistics [B, G]"));
    Tensor *dx, *d_scale, *d_shift;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, scale.shape(), &d_scale));
    OP_REQUIRES_OK(context, context->allocate_output(2, scale.shape(), &d_shift));
    (silu_ ? group_norm_gradient<T, true> : group_norm_gradient<T, false>)(in<T>(context, 0), in<T>(context, 1), in<float>(context, 2),
                                         in<float>(context, 3), in<float>(context, 4), in<float>(context, 5),
                                         out<T>(dx), out<float>(d_scale), out<float>(d_shift), s,
                                         pool(context));
  }

 private:
  int64_t groups_;
  bool silu_;
};

// Whether x is [..., C] and `numbers` has one number for each of its channels.
bool fits_channels(const Tensor& x, const Tensor& numbers) {
  return x.dims() > 0 && numbers.NumElements() > 0 && x.dim_size(x.dims() - 1) == numbers.NumElements();
}

template <class Wire>
class AffineOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &scale = context->input(1), &shift = context->input(2);
    const int64_t channels = scale.NumElements();
    OP_REQUIRES(context, fits_channels(x, scale) && fits_channels(x, shift),
                absl::InvalidArgumentError("an affine map takes x [..., C], scale and shift [C]"));
    Tensor* y;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &y));
    affine(in<T>(context, 0), in<float>(context, 1), in<float>(context, 2), out<T>(y), x.NumElements() / channels,
           channels, pool(context));
  }
};

template <class Wire>
class PreluOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &slopes = context->input(1);
    const int64_t channels = slopes.NumElements();
    OP_REQUIRES(context, fits_channels(x, slopes),
                absl::InvalidArgumentError("PReLU takes x [..., C] and slopes [C]"));
    Tensor* y;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &y));
    prelu(in<T>(context, 0), in<float>(context, 1), out<T>(y), x.NumElements() / channels, channels,
                           pool(context));
  }
};

template <class Wire>
class PreluGradOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &slopes = context->input(2);
    const int64_t channels = slopes.NumElements();
    OP_REQUIRES(context, fits_channels(x, slopes) && dy.shape() == x.shape(),
                absl::InvalidArgumentError("the gradient of PReLU takes dy and x [..., C], and slopes [C]"));
    Tensor *dx, *d_slopes;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, slopes.shape(), &d_slopes));
    prelu_gradient(in<T>(context, 0), in<T>(context, 1), in<float>(context, 2), out<T>(dx),
                                    out<float>(d_slopes), x.NumElements() / channels, channels, pool(context));
  }
};

REGISTER_OP("CemiflowGroupNorm")
    .Attr("T: {float, bfloat16}")
    .Attr("groups: int")
    .Attr("eps: float")
    .Attr("silu: bool")
    .Input("x: T")
    .Input("scale: float")
    .Input("shift: float")
    .Output("y: T")
    .Output("mean: float")
    .Output("inverse: float")
    .SetShapeFn(like({0, -1, -1}));

REGISTER_OP("CemiflowGroupNormGrad")
    .Attr("T: {float, bfloat16}")
    .Attr("groups: int")
    .Attr("silu: bool")
    .Input("dy: T")
    .Input("x: T")
    .Input("scale: float")
    .Input("shift: float")
    .Input("mean: float")
    .Input("inverse: float")
    .Output("dx: T")
    .Output("d_scale: float")
    .Output("d_shift: float")
    .SetShapeFn(like({1, 2, 2}));

REGISTER_OP("CemiflowAffine")
    .Attr("T: {float, bfloat16}")
    .Input("x: T")
    .Input("scale: float")
    .Input("shift: float")
    .Output("y: T")
    .SetShapeFn(like({0}));

REGISTER_OP("CemiflowPrelu")
    .Attr("T: {float, bfloat16}")
    .Input("x: T")
    .Input("slopes: float")
    .Output("y: T")
    .SetShapeFn(like({0}));

REGISTER_OP("CemiflowPreluGrad")
    .Attr("T: {float, bfloat16}")
    .Input("dy: T")
    .Input("x: T")
    .Input("slopes: float")
    .Output("dx: T")
    .Output("d_slopes: float")
    .SetShapeFn(like({1, 2}));

CEMIFLOW_REGISTER("CemiflowGroupNorm", GroupNormOp);
CEMIFLOW_REGISTER("CemiflowGroupNormGrad", GroupNormGradOp);
CEMIFLOW_REGISTER("CemiflowAffine", AffineOp);
CEMIFLOW_REGISTER("CemiflowPrelu", PreluOp);
CEMIFLOW_REGISTER("CemiflowPreluGrad", PreluGradOp);

}  // namespace
}  // namespace cemiflow
