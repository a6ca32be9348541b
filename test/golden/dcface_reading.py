"""A second writing of DCFace's generator, made from its paper and the published code and not from ours: the conditions of
identity and style, the denoiser that takes them, and the loss. Run by hand when a case changes:

    <folder>/bin/python test/golden/dcface_reading.py

with the environment of `make.py`. It writes dcface.safetensors beside itself. Sizes come from cases.json ("dcface"), weights
and inputs from the formula that both sides have (values.py). The blocks of the UNet are those of second_reading.py, which were
read from the same code. Parameters have the names and shapes of the published checkpoints.

Sources: [DCFace] mk-minchul/dcface 1d2c523, folder dcface/src; [Paper] arXiv 2304.07060; [AdaFace] mk-minchul/AdaFace, net.py.
"""

import json
import math
import pathlib
import re

import second_reading
import torch
from second_reading import Weights, alpha_bars, conv1, under, unet
from torch import Tensor
from torch.nn import functional as F
from values import fill, write_safetensors

HERE = pathlib.Path(__file__).parent
CASE = json.loads((HERE / "cases.json").read_text())["dcface"]
# The blocks of second_reading.py look up their sizes there.
second_reading.CASE = CASE

SIZE = CASE["recognizer"]["embedding"]

# Gradients that are stored: some of each part of the UNet and of E_id, all of E_sty. The file would be too large with all.
STORED = re.compile(
    r"time_embed\.[02]\.|cross_attn_adapter|input_blocks\.0\.0|input_blocks\.3\.0\.(in_layers\.2\.bias|emb)"
    r"|middle_block\.1|output_blocks\.5\.0\.(in_layers\.2|skip)|out\.2"
    r"|pos_emb|scaler|input_layer|body\.0\.res_layer\.[0135]|body\.2\.shortcut|body\.3\.res_layer\.[023]\."
    r"|body\.4\.res_layer\.5|output_layer|external_mapping"
)
# A normalisation by the batch takes these biases out again: their gradients are 0 but for rounding.
VANISHING = re.compile(r"conv_0\.bias|output_layer\.3\.bias")


class Statistics(Weights):
    """Running statistics by name, and in training mode what a batch makes of them."""

    def __init__(self, training: bool, prefix: str = ""):
        super().__init__(trained=False, prefix=prefix)
        self.training = training
        self.after: dict[str, Tensor] = {}

    def moved(self, name: str, batch: Tensor) -> None:
        """nn.BatchNorm's momentum of 0.1."""
        self.after[name] = 0.9 * self(name, *batch.shape) + 0.1 * batch.detach()


def batch_norm(w: Weights, s: Statistics, name: str, x: Tensor, affine: bool = True) -> Tensor:
    """nn.BatchNorm1d, nn.BatchNorm2d: a batch is divided by its biased deviation, and remembered by its unbiased variance."""
    c, shape = x.shape[1], (1, -1, *[1] * (x.ndim - 2))
    if s.training:
        values = x.transpose(0, 1).reshape(c, -1)
        mean, variance = values.mean(1), values.var(1, correction=0)
        s.moved(f"{name}.running_mean", mean)
        s.moved(f"{name}.running_var", values.var(1, correction=1))
    else:
        mean, variance = s(f"{name}.running_mean", c), s(f"{name}.running_var", c)
    y = (x - mean.reshape(shape)) / (variance.reshape(shape) + 1e-5).sqrt()
    return y * w(f"{name}.weight", c).reshape(shape) + w(f"{name}.bias", c).reshape(shape) if affine else y


def ir(w: Weights, s: Statistics, at: str, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """
    Backbone, mode "ir" [DCFace tface_model.py], behind RecognitionModel, which turns RGB to BGR [DCFace recognition_helper.py].
    Features [B, D] as they leave the last normalisation (what is divided by its norm is multiplied by it again:
    normalize_feature is false), and the map behind each unit. Dropout 0.
    """

    def conv(name: str, h: Tensor, width: int, stride: int = 1, kernel: int = 3) -> Tensor:
        return F.conv2d(h, w(f"{at}{name}.weight", width, h.shape[1], kernel, kernel), None, stride, kernel // 2)

    def norm(name: str, h: Tensor, affine: bool = True) -> Tensor:
        return batch_norm(w, s, at + name, h, affine)

    def prelu(name: str, h: Tensor) -> Tensor:
        return F.prelu(h, w(f"{at}{name}.weight", h.shape[1]))

    config = CASE["recognizer"]
    h = prelu("input_layer.2", norm("input_layer.1", conv("input_layer.0", images.flip(1), config["stemWidth"])))
    maps: list[Tensor] = []
    for width, depth, first in zip(config["widths"], config["depths"], config["strides"]):
        for stride in [first] + [1] * (depth - 1):
            unit = f"body.{len(maps)}"
            r = conv(f"{unit}.res_layer.1", norm(f"{unit}.res_layer.0", h), width)
            r = prelu(f"{unit}.res_layer.3", norm(f"{unit}.res_layer.2", r))
            r = norm(f"{unit}.res_layer.5", conv(f"{unit}.res_layer.4", r, width, stride))
            if h.shape[1] == width:
                h = r + F.max_pool2d(h, 1, stride)
            else:
                shortcut = conv(f"{unit}.shortcut_layer.0", h, width, stride, 1)
                h = r + norm(f"{unit}.shortcut_layer.1", shortcut)
            maps.append(h)
    rows = norm("output_layer.0", h).flatten(1)
    rows = F.linear(rows, w(f"{at}output_layer.3.weight", SIZE, rows.shape[1]), w(f"{at}output_layer.3.bias", SIZE))
    return norm("output_layer.4", rows, affine=False), maps


def frozen_ir(images: Tensor) -> tuple[Tensor, Tensor]:
    """
    The recognizer that is not trained and always in eval mode: unit rows [B, D] [DCFace consistency_loss.py], and the map of styles,
    return_spatial [2], which for IR-50 is the last unit of the first stage.
    """
    features, maps = ir(Weights(False, "frozen."), Statistics(False, "frozen."), "", images)
    return features / features.norm(dim=1, keepdim=True), maps[CASE["recognizer"]["depths"][0] - 1]


def identity_condition(w: Weights, s: Statistics, images: Tensor) -> tuple[Tensor, Tensor]:
    """
    ImageEmbedder [DCFace label_mapping.py]: one sequence of the feature and the places of the map behind unit 21, which for IR-50 is
    the first of the last stage. All get positions; the feature with its position is scaled. [B, D], [B, N, D]
    """
    depths = CASE["recognizer"]["depths"]
    feature, maps = ir(w, s, "label_mapping.backbone.backbone.", images)
    places = maps[sum(depths[:-1])].flatten(2).mT
    sequence = torch.cat([feature[:, None], places], dim=1)
    sequence = sequence + w("label_mapping.pos_emb.0", sequence.shape[1], SIZE)
    return w("label_mapping.scaler.0", 1) * sequence[:, 0], sequence[:, 1:]


def nearest(x: Tensor, side: int) -> Tensor:
    """F.interpolate as published: the rows and columns that PyTorch takes for float32, of a map of any type."""
    ramp = torch.arange(x.shape[-1], dtype=torch.float32)
    chosen = F.interpolate(ramp[None, None], size=side)[0, 0].long()
    return x[:, :, chosen][:, :, :, chosen]


def style_tokens(w: Weights, s: Statistics, x: Tensor, grid: int) -> Tensor:
    """
    ExternalMappingV4Dropout [DCFace external_mapping.py] for one map, dropout 0: what the paper calls a variance is the mean minus
    the mean of squares. x [B, C, H, H], tokens [B, grid^2 + 1, D]: that of the whole map comes first.
    """
    at = "external_mapping."
    fitting = x.shape[-1] // grid * grid
    x = x if fitting == x.shape[-1] else nearest(x, fitting)
    x = F.prelu(x, w(f"{at}relu_0.weight", 1))
    x = F.conv2d(x, w(f"{at}conv_0.weight", SIZE, x.shape[1], 1, 1), w(f"{at}conv_0.bias", SIZE))
    x = batch_norm(w, s, f"{at}norm_0", x)
    channel_weight = w(f"{at}channel_weight_0.0", SIZE, 2)
    tokens = []
    for kernel in (fitting, fitting // grid):
        mean = F.avg_pool2d(x, kernel).flatten(2)
        spread = mean - F.avg_pool2d(x.square(), kernel).flatten(2)
        tokens.append((channel_weight[:, 0, None] * mean + channel_weight[:, 1, None] * spread).mT)
    y = torch.cat(tokens, dim=1) + w(f"{at}pos_emb_0.0", grid**2 + 1, SIZE)
    return F.layer_norm(y, [SIZE], w(f"{at}ln_0.weight", SIZE), w(f"{at}ln_0.bias", SIZE), 1e-5)


def denoise(w: Weights, x: Tensor, t: Tensor, identity: tuple[Tensor, Tensor], styles: Tensor) -> Tensor:
    """crossatt_and_stylemod, patchstat_spatial_and_image [DCFace conditioner.py, unet.py]: tokens of identity, then of style."""
    added, tokens = identity
    keys_and_values = 2 * CASE["unet"]["base"] * CASE["unet"]["multipliers"][-1]
    condition = conv1(w, "cross_attn_adapter", torch.cat([tokens, styles], dim=1).mT, keys_and_values)
    return unet(w, x, t.double(), condition, added)


def images_of(name: str) -> Tensor:
    side = CASE["unet"]["imageSize"]
    return fill(name, [len(CASE["time"]), 3, side, side])


def mixed_consistency(reached: Tensor, subject: Tensor, own: Tensor, t: Tensor) -> Tensor:
    """
    L_ID [Paper eq. 9; DCFace consistency_loss.py, source "mix", center source "id_image", "simple_mean", mix "polynomial_1"]:
    1 - cosine to the identity image by the share of noise, 1 - cosine to the image itself by the rest.
    """
    share = torch.linspace(0, 1, CASE["timesteps"] + 1)[t]
    to_subject, to_own = 1 - (reached * subject).sum(1), 1 - (reached * own).sum(1)
    return (share * to_subject + (1 - share) * to_own).mean()


def inference(grid: int) -> dict[str, Tensor]:
    """Conditions by running statistics, and the denoiser's output with them."""
    w, s, t = Weights(False), Statistics(False), torch.tensor(CASE["time"])
    identity = identity_condition(w, s, images_of("identityImages"))
    styles = style_tokens(w, s, frozen_ir(images_of("images"))[1], grid)
    output = denoise(w, images_of("noise"), t, identity, styles)
    return {"added": identity[0], "identityTokens": identity[1], "styleTokens": styles, "output": output}


def paper_map(grid: int) -> Tensor:
    """Style tokens of a map of 56 x 56, the size in the paper: 56 is divided by neither 3 nor 5."""
    return style_tokens(Weights(False), Statistics(False), fill("map", [1, CASE["recognizer"]["widths"][0], 56, 56]), grid)


def training(grid: int) -> dict[str, Tensor]:
    """
    Conditions by the batch's statistics, with the statistics after it; the loss [Paper eq. 10; DCFace trainer.py] and its gradients.
    Embeddings of the images that the loss compares with are constants.
    """
    w, s, t = Weights(True), Statistics(True), torch.tensor(CASE["time"])
    x0, identity_images = images_of("images").requires_grad_(), images_of("identityImages").requires_grad_()
    noise = images_of("noise")
    a = alpha_bars()[t][:, None, None, None]
    xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
    own, style_map = frozen_ir(x0)
    subject, _ = frozen_ir(identity_images)
    identity = identity_condition(w, s, identity_images)
    styles = style_tokens(w, s, style_map, grid)
    epsilon = denoise(w, xt, t, identity, styles)
    mse = F.mse_loss(epsilon, noise)
    reached, _ = frozen_ir(((xt - (1 - a).sqrt() * epsilon) / a.sqrt()).clip(-1, 1))
    consistency = mixed_consistency(reached, subject.detach(), own.detach(), t)
    loss = mse + CASE["lambda"] * consistency
    loss.backward()
    stored = {name: gradient for name, gradient in w.gradients().items() if STORED.search(name) and not VANISHING.search(name)}
    return {
        "conditions/added": identity[0],
        "conditions/identityTokens": identity[1],
        "conditions/styleTokens": styles,
        **under("statistics", s.after),
        "losses/loss": loss,
        "losses/mse": mse,
        "losses/identity": consistency,
        **stored,
        "gradient/images": x0.grad,
        "gradient/identityImages": identity_images.grad,
    }


def positional_encoding(length: int, size: int) -> Tensor:
    """positionalencoding1d [DCFace label_mapping.py]: sines in even places, cosines in odd ones, a frequency for each pair."""
    frequencies = torch.exp(torch.arange(0, size, 2).double() * -(math.log(10000) / size))
    angles = torch.arange(length).double()[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(length, size)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    # Two of the rows for E_id at the paper's size, and all rows of a small case.
    made = {"positions/50x512": (positional_encoding(50, 512) - 0.5)[[1, 49]], "positions/10x16": positional_encoding(10, 16) - 0.5}
    for k in CASE["grids"]:
        made |= under(f"inference/{k}", inference(k)) | {f"paperMap/{k}": paper_map(k)} | under(f"training/{k}", training(k))
    path = HERE / "dcface.safetensors"
    write_safetensors(str(path), made)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(made)} tensors")
