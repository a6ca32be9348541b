// Ops of 3x3 convolutions.
#pragma once
#include "conv3x3-weight-gradient.h"
#include "conv3x3.h"
#include "tensorflow-ops.h"

namespace cemiflow {
namespace {

// Memory for a kernel to work in, aligned as TensorFlow aligns tensors: to 64 bytes.
absl::Status scratch_of(OpKernelContext* context, int64_t bytes, Tensor* scratch) {
  return context->allocate_temp(tensorflow::DT_UINT8, TensorShape({bytes}), scratch);
}

// [B, H, W, C] and weights [3, 3, Ci, Co].
absl::Status check_conv(const Tensor& x, const TensorShape& w, int64_t channels) {
  if (x.dims() != 4 || x.NumElements() == 0 || w.dims() != 4 || w.dim_size(0) != 3 || w.dim_size(1) != 3 ||
      w.num_elements() == 0 || x.dim_size(3) != channels)
    return absl::InvalidArgumentError("a 3x3 convolution takes images [B, H, W, C] and weights [3, 3, Ci, Co]");
  return absl::OkStatus();
}

absl::Status stride_of(OpKernelConstruction* context, int64_t* stride) {
  TF_RETURN_IF_ERROR(context->GetAttr("stride", stride));
  if (*stride != 1 && *stride != 2) return absl::InvalidArgumentError("a 3x3 convolution has stride 1 or 2");
  return absl::OkStatus();
}

template <class Wire>
class Conv3x3Op : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  explicit Conv3x3Op(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("transposed", &transposed_));
    OP_REQUIRES_OK(context, stride_of(context, &stride_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &w = context->input(1);
    OP_REQUIRES_OK(context, check_conv(x, w.shape(), w.dim_size(transposed_ ? 3 : 2)));
    const int64_t times = transposed_ ? stride_ : 1;
    const Conv3x3Shape s{x.dim_size(0), times * x.dim_size(1), times * x.dim_size(2), w.dim_size(2), w.dim_size(3), stride_};
    OP_REQUIRES(context, s.height % stride_ == 0 && s.width % stride_ == 0,
                absl::InvalidArgumentError("a 3x3 convolution takes maps that its stride divides"));
    const TensorShape shape = transposed_ ? TensorShape({s.batch, s.height, s.width, s.in})
                                          : TensorShape({s.batch, s.height / stride_, s.width / stride_, s.out});
    const Parallel threads = pool(context);
    Tensor *y, scratch;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &y));
    OP_REQUIRES_OK(context, scratch_of(context, conv3x3_scratch(s, transposed_, threads), &scratch));
    conv3x3<T>(in<T>(context, 0), in<float>(context, 1), out<T>(y), s, transposed_,
               out<uint8_t>(&scratch), threads);
  }

 private:
  bool transposed_;
  int64_t stride_;
};

template <class Wire>
class Conv3x3WeightGradOp : public OpKernel {
  using T = typename Stored<Wire>::type;

 public:
  explicit Conv3x3WeightGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, stride_of(context, &stride_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &dy = context->input(1);
    OP_REQUIRES(context,
                x.dims() == 4 && dy.dims() == 4 && x.NumElements() > 0 && dy.NumElements() > 0 &&
                    x.dim_size(0) == dy.dim_size(0) && x.dim_size(1) == stride_ * dy.dim_size(1) &&
                    x.dim_size(2) == stride_ * dy.dim_size(2),
                absl::InvalidArgumentError("the gradient of a 3x3 convolution takes maps of sizes that fit its stride"));
    const Conv3x3Shape s{x.dim_size(0), x.dim_size(1), x.dim_size(2), x.dim_size(3), dy.dim_size(3), stride_};
    const Parallel threads = pool(context);
    Tensor *dw, scratch;
    OP_REQUIRES_OK(context, context->allocate_output(0, TensorShape({3, 3, s.in, s.out}), &dw));
    OP_REQUIRES_OK(context, scratch_of(context, conv3x3_weight_gradient_scratch(s, threads), &scratch));
    conv3x3_weight_gradient<T>(in<T>(context, 0), in<T>(context, 1), out<float>(dw), s, out<uint8_t>(&scratch),
                               threads);
  }

 private:
  int64_t stride_;
};

// Writes `size * times` or `size / times` to `to`.
absl::Status resized(InferenceContext* c, tensorflow::shape_inference::DimensionHandle size, int64_t times, bool up,
                     tensorflow::shape_inference::DimensionHandle* to) {
  return up ? c->Multiply(size, times, to) : c->Divide(size, times, true, to);
}

REGISTER_OP("CemiflowConv3x3")
    .Attr("T: {float, bfloat16}")
    .Attr("transposed: bool")
    .Attr("stride: int")
    .Input("x: T")
    .Input("w: float")
    .Output("y: T")
    .SetShapeFn([](InferenceContext* c) {
      bool transposed;
      int64_t stride;
      TF_RETURN_IF_ERROR(c->GetAttr("transposed", &transposed));
      TF_RETURN_IF_ERROR(c->GetAttr("stride", &stride));
      const auto x = c->input(0), w = c->input(1);
      if (!c->RankKnown(x) || !c->RankKnown(w)) {
        c->set_output(0, c->UnknownShape());
        return absl::OkStatus();
      }
      tensorflow::shape_inference::DimensionHandle height, width;
      TF_RETURN_IF_ERROR(resized(c, c->Dim(x, 1), stride, transposed, &height));
      TF_RETURN_IF_ERROR(resized(c, c->Dim(x, 2), stride, transposed, &width));
      c->set_output(0, c->MakeShape({c->Dim(x, 0), height, width, c->Dim(w, transposed ? 2 : 3)}));
      return absl::OkStatus();
    });

REGISTER_OP("CemiflowConv3x3WeightGrad")
    .Attr("T: {float, bfloat16}")
    .Attr("stride: int")
    .Input("x: T")
    .Input("dy: T")
    .Output("dw: float")
    .SetShapeFn(like({-1}));

CEMIFLOW_REGISTER("CemiflowConv3x3", Conv3x3Op);
CEMIFLOW_REGISTER("CemiflowConv3x3WeightGrad", Conv3x3WeightGradOp);

}  // namespace
}  // namespace cemiflow
