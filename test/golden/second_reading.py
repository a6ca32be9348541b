"""A second writing of CemiFace's network, loss and training step, made from the papers and the published code and not from
ours: it imports nothing of bench/peers, from which `make.py` takes its networks. Run by hand when a case changes:

    <folder>/bin/python test/golden/second_reading.py

with the environment of `make.py`. It writes second-reading.safetensors beside itself. Sizes come from cases.json ("second"),
weights and inputs from the formula that both sides have (values.py). Parameters have the names and shapes of the published
checkpoints: guided-diffusion's for the UNet, DCFace's for what attention blocks share, AdaFace's for E_id.

Sources: [ADM] openai/guided-diffusion; [GLIDE] openai/glide-text2im; [DCFace] mk-minchul/dcface 1d2c523;
[AdaFace] mk-minchul/AdaFace, net.py; [CemiFace] arXiv 2409.18876; [DDPM] arXiv 2006.11239; [AdamW] arXiv 1711.05101.
"""

import json
import math
import pathlib
import re

import torch
from torch import Tensor
from torch.nn import functional as F
from values import fill, fill_parameter, stateless_normal, write_safetensors

HERE = pathlib.Path(__file__).parent
CASE = json.loads((HERE / "cases.json").read_text())["second"]


class Weights:
    """Parameters by name, made when they are first asked for."""

    def __init__(self, trained: bool, prefix: str = ""):
        self.all: dict[str, Tensor] = {}
        self.trained, self.prefix = trained, prefix

    def __call__(self, name: str, *shape: int) -> Tensor:
        if name not in self.all:
            self.all[name] = fill_parameter(self.prefix + name, list(shape)).requires_grad_(self.trained)
        assert self.all[name].shape == shape, name
        return self.all[name]

    def gradients(self) -> dict[str, Tensor]:
        return {f"gradient/{name}": tensor.grad for name, tensor in self.all.items()}


def linear(w: Weights, name: str, x: Tensor, width: int) -> Tensor:
    """nn.Linear. x [B, in]"""
    return x @ w(f"{name}.weight", width, x.shape[1]).T + w(f"{name}.bias", width)


def conv1(w: Weights, name: str, x: Tensor, width: int) -> Tensor:
    """conv_nd(1, …, 1) [ADM nn.py], nn.Conv1d of kernel 1 [DCFace]. x [B, in, N]"""
    return F.conv1d(x, w(f"{name}.weight", width, x.shape[1], 1), w(f"{name}.bias", width))


def conv2(w: Weights, name: str, x: Tensor, width: int, kernel: int = 3) -> Tensor:
    """conv_nd(2, …) [ADM nn.py]. x [B, in, H, W]"""
    return F.conv2d(x, w(f"{name}.weight", width, x.shape[1], kernel, kernel), w(f"{name}.bias", width), 1, kernel // 2)


def group_norm(w: Weights, name: str, x: Tensor) -> Tensor:
    """GroupNorm32 [ADM nn.py], of fewer groups; eps is PyTorch's. x [B, C, …]"""
    channels, groups = x.shape[1], CASE["unet"]["groups"]
    grouped = x.reshape(x.shape[0], groups, -1)
    centred = grouped - grouped.mean(2, keepdim=True)
    y = (centred / (centred.square().mean(2, keepdim=True) + 1e-5).sqrt()).reshape(x.shape)
    scale, shift = w(f"{name}.weight", channels), w(f"{name}.bias", channels)
    return y * scale.reshape(-1, *[1] * (x.ndim - 2)) + shift.reshape(-1, *[1] * (x.ndim - 2))


def silu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def timestep_embedding(t: Tensor, dim: int) -> Tensor:
    """Cosines, then sines, of frequencies 10000^(-i / (dim / 2)) [ADM nn.py]. t [B]"""
    half = dim // 2
    angles = torch.stack([t * 10000 ** (-i / half) for i in range(half)], dim=1)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def res_block(w: Weights, name: str, x: Tensor, embedding: Tensor, width: int, resample: str = "") -> Tensor:
    """ResBlock with use_scale_shift_norm and resblock_updown [ADM unet.py]. embedding [B, E]"""

    def resampled(h: Tensor) -> Tensor:
        if resample == "down":
            return (h[:, :, ::2, ::2] + h[:, :, 1::2, ::2] + h[:, :, ::2, 1::2] + h[:, :, 1::2, 1::2]) / 4
        return h.repeat_interleave(2, 2).repeat_interleave(2, 3) if resample == "up" else h

    h = resampled(silu(group_norm(w, f"{name}.in_layers.0", x)))
    h = conv2(w, f"{name}.in_layers.2", h, width)
    film = linear(w, f"{name}.emb_layers.1", silu(embedding), 2 * width)[:, :, None, None]
    h = group_norm(w, f"{name}.out_layers.0", h) * (1 + film[:, :width]) + film[:, width:]
    h = conv2(w, f"{name}.out_layers.3", silu(h), width)
    x = resampled(x)
    return h + (x if x.shape[1] == width else conv2(w, f"{name}.skip_connection", x, width, 1))


def qkv_attention_legacy(qkv: Tensor, encoder_kv: Tensor, heads: int) -> Tensor:
    """
    QKVAttentionLegacy [ADM unet.py] with encoder_kv [GLIDE unet.py, DCFace unet.py]: the channels hold head after head, in
    each q, k, v (or k, v); the condition's keys and values come before the image's. qkv [B, 3C, N], encoder_kv [B, 2C, K]
    """
    per_head = qkv.shape[1] // (3 * heads)
    mixed = []
    for head in range(heads):
        q, k, v = (qkv[:, (3 * head + i) * per_head : (3 * head + i + 1) * per_head] for i in range(3))
        ek, ev = (encoder_kv[:, (2 * head + i) * per_head : (2 * head + i + 1) * per_head] for i in range(2))
        k, v = torch.cat([ek, k], dim=2), torch.cat([ev, v], dim=2)
        scale = per_head**-0.25
        attention = torch.einsum("bct,bcs->bts", q * scale, k * scale).exp()
        attention = attention / attention.sum(2, keepdim=True)
        mixed.append(torch.einsum("bts,bcs->bct", attention, v))
    return torch.cat(mixed, dim=1)


def attention_block(w: Weights, name: str, x: Tensor, condition: Tensor) -> Tensor:
    """
    AttentionBlock [ADM unet.py]. Where blocks project for themselves, `condition` is tokens [B, D, K], projected by
    encoder_kv [GLIDE unet.py]; otherwise it is what DCFace hands to every block [DCFace conditioner.py], [B, 2C, K].
    """
    b, c, height, width = x.shape
    if CASE["unet"]["conditionProjection"] == "block":
        condition = conv1(w, f"{name}.encoder_kv", condition, 2 * c)
    flat = x.reshape(b, c, -1)
    qkv = conv1(w, f"{name}.qkv", group_norm(w, f"{name}.norm", flat), 3 * c)
    h = qkv_attention_legacy(qkv, condition, c // CASE["unet"]["headChannels"])
    return (flat + conv1(w, f"{name}.proj_out", h, c)).reshape(b, c, height, width)


def condition_of(w: Weights, identity: Tensor, m: Tensor) -> Tensor:
    """
    C_att = F2(concat(C_id, F1(m))) as one token [CemiFace eq. 3, 4], C_id as E_id gives it, of length one. Then keys and
    values for all attention blocks by one Conv1d, cross_attn_adapter [DCFace external_mapping.py]. identity [B, D], m [B]
    """
    config = CASE["unet"]
    similarity = linear(w, "condition.sim", m[:, None], config["conditionSize"])
    joined = torch.cat([identity * config["identityScale"], similarity], dim=1)
    token = linear(w, "condition.att", joined, config["conditionSize"])[:, :, None]
    if config["conditionProjection"] == "block":
        return token
    return conv1(w, "cross_attn_adapter", token, 2 * config["base"] * config["multipliers"][-1])


def unet(w: Weights, x: Tensor, t: Tensor, condition: Tensor, added: Tensor | None = None) -> Tensor:
    """
    UNetModel [ADM unet.py] as DCFace configures it: one block a level, attention where the image has been halved for a
    certain number of times, and one level that does not halve (there the fifth, 7 x 7 pixels; here the last but one). `added`
    [B, 4 base] joins the embedding of the time (DCFace's "stylemod").
    """
    config = CASE["unet"]
    base, widths = config["base"], [config["base"] * m for m in config["multipliers"]]
    last = len(widths) - 1
    unhalved = config.get("unhalved", last - 1)
    embedding = linear(w, "time_embed.0", timestep_embedding(t, base), 4 * base)
    embedding = linear(w, "time_embed.2", silu(embedding), 4 * base)
    embedding = embedding if added is None else embedding + added
    h = conv2(w, "input_blocks.0.0", x, base)
    skips = [h]
    for level, width in enumerate(widths):
        name = f"input_blocks.{len(skips)}"
        h = res_block(w, f"{name}.0", h, embedding, width)
        if level in config["attention"]:
            h = attention_block(w, f"{name}.1", h, condition)
        skips.append(h)
        if level < last:
            resample = "" if level == unhalved else "down"
            h = res_block(w, f"input_blocks.{len(skips)}.0", h, embedding, width, resample)
            skips.append(h)
    h = res_block(w, "middle_block.0", h, embedding, widths[-1])
    h = attention_block(w, "middle_block.1", h, condition)
    h = res_block(w, "middle_block.2", h, embedding, widths[-1])
    for level in range(last, -1, -1):
        for i in range(2):
            name = f"output_blocks.{2 * (last - level) + i}"
            layer = 1
            h = res_block(w, f"{name}.0", torch.cat([h, skips.pop()], dim=1), embedding, widths[level])
            if level in config["attention"]:
                h = attention_block(w, f"{name}.1", h, condition)
                layer = 2
            if level > 0 and i == 1:
                resample = "" if level == unhalved + 1 else "up"
                h = res_block(w, f"{name}.{layer}", h, embedding, widths[level], resample)
    return conv2(w, "out.2", silu(group_norm(w, "out.0", h)), 3)


def batch_norm(w: Weights, name: str, x: Tensor, affine: bool = True) -> Tensor:
    """nn.BatchNorm in eval mode. x [B, C, …]"""
    c, shape = x.shape[1], (-1, *[1] * (x.ndim - 2))
    mean, variance = w(f"{name}.running_mean", c), w(f"{name}.running_var", c)
    y = (x - mean.reshape(shape)) / (variance.reshape(shape) + 1e-5).sqrt()
    return y * w(f"{name}.weight", c).reshape(shape) + w(f"{name}.bias", c).reshape(shape) if affine else y


def ir(w: Weights, images: Tensor) -> Tensor:
    """
    The IR backbone in eval mode [AdaFace net.py]: it takes BGR, and its dropout does nothing. images: RGB, [B, 3, S, S]
    in [-1, 1] [DCFace: recognition_helper.py turns the channels]. Features [B, D] before normalisation.
    """
    config = CASE["recognizer"]

    def prelu(name: str, h: Tensor) -> Tensor:
        return torch.where(h > 0, h, h * w(f"{name}.weight", h.shape[1])[:, None, None])

    def conv(name: str, h: Tensor, width: int, stride: int = 1, kernel: int = 3) -> Tensor:
        return F.conv2d(h, w(f"{name}.weight", width, h.shape[1], kernel, kernel), None, stride, kernel // 2)

    h = conv("input_layer.0", images[:, [2, 1, 0]], config["stemWidth"])
    h = prelu("input_layer.2", batch_norm(w, "input_layer.1", h))
    number = 0
    for width, depth, first in zip(config["widths"], config["depths"], config["strides"]):
        for unit in range(depth):
            name, stride = f"body.{number}", first if unit == 0 else 1
            if h.shape[1] == width:
                shortcut = h[:, :, ::stride, ::stride]  # MaxPool2d(1, stride)
            else:
                shortcut = conv(f"{name}.shortcut_layer.0", h, width, stride, 1)
                shortcut = batch_norm(w, f"{name}.shortcut_layer.1", shortcut)
            r = conv(f"{name}.res_layer.1", batch_norm(w, f"{name}.res_layer.0", h), width)
            r = prelu(f"{name}.res_layer.3", batch_norm(w, f"{name}.res_layer.2", r))
            r = batch_norm(w, f"{name}.res_layer.5", conv(f"{name}.res_layer.4", r, width, stride))
            h, number = r + shortcut, number + 1
    h = batch_norm(w, "output_layer.0", h).flatten(1)
    return batch_norm(w, "output_layer.4", linear(w, "output_layer.3", h, config["embedding"]), affine=False)


def e_id(w: Weights, images: Tensor) -> Tensor:
    """Unit rows [B, D] [AdaFace: features are divided by their norm]."""
    features = ir(w, images)
    return features / features.square().sum(1, keepdim=True).sqrt()


def alpha_bars() -> Tensor:
    """The products of 1 - beta_t, betas linear from 1e-4 to 2e-2 [DDPM section 4; DCFace configs]. [T]"""
    steps = CASE["timesteps"]
    betas = [1e-4 + (2e-2 - 1e-4) * t / (steps - 1) for t in range(steps)]
    return torch.tensor([math.prod(1 - beta for beta in betas[: t + 1]) for t in range(steps)])


def cemiface_loss(w: Weights, frozen: Weights, x0: Tensor, noise: Tensor, t: Tensor, m: Tensor) -> dict[str, Tensor]:
    """
    [CemiFace eq. 1 and 5 to 10], with x0_hat clipped [DCFace consistency_loss.py] and C_id = E_id(x0) of the same frozen
    network that judges. x0, noise [B, 3, S, S], t int64 [B], m [B]
    """
    a = alpha_bars()[t][:, None, None, None]
    xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
    identity = e_id(frozen, x0)
    epsilon = unet(w, xt, t.double(), condition_of(w, identity, m))
    mse = (epsilon - noise).square().mean()
    x0_hat = ((xt - (1 - a).sqrt() * epsilon) / a.sqrt()).clamp(-1, 1)
    s = (identity * e_id(frozen, x0_hat)).sum(1)
    gamma = t / CASE["timesteps"]
    sim_mat = ((1 - gamma) * (1 - s) ** 2 + gamma * (m - s) ** 2).mean()
    return {"loss": mse + CASE["lambda"] * sim_mat, "mse": mse, "sim_mat": sim_mat, "similarity": s.mean()}


def adamw_first_step(p: Tensor, lr: float, decay: float) -> Tensor:
    """Algorithm 2 of [AdamW] from zero moments, with PyTorch's defaults, as DCFace's configuration takes them."""
    beta1, beta2, eps = 0.9, 0.999, 1e-8
    first, second = (1 - beta1) * p.grad, (1 - beta2) * p.grad**2
    corrected = (first / (1 - beta1)) / ((second / (1 - beta2)).sqrt() + eps)
    return p.detach() * (1 - lr * decay) - lr * corrected


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def network(projection: str, scale: float) -> dict[str, Tensor]:
    """The network's output, and the gradients of its probe."""
    CASE["unet"] |= {"conditionProjection": projection, "identityScale": scale}
    w = Weights(trained=True)
    size = CASE["unet"]["imageSize"]
    x, identity, m = fill("images", [3, 3, size, size]), unit_rows(), torch.tensor(CASE["m"])
    for leaf in (x, identity, m):
        leaf.requires_grad_()
    y = unet(w, x, torch.tensor(CASE["time"]).double(), condition_of(w, identity, m))
    (y * fill("noise/probe", list(y.shape))).sum().backward()
    inputs = {"gradient/x": x.grad, "gradient/identity": identity.grad, "gradient/m": m.grad}
    return {"y": y, **inputs, **w.gradients()}


def unit_rows() -> Tensor:
    return F.normalize(fill("identity", [3, 6])).float().double()


def loss() -> dict[str, Tensor]:
    """The loss of a batch, and its gradients."""
    w, frozen = Weights(trained=True), Weights(trained=False, prefix="frozen.")
    x0, noise = (fill(name, [3, 3, 28, 28]) for name in ("images", "noise"))
    parts = cemiface_loss(w, frozen, x0, noise, torch.tensor(CASE["time"]), torch.tensor(CASE["m"]).float().double())
    parts["loss"].backward()
    return {**parts, "identity": e_id(frozen, x0), **w.gradients()}


def stage() -> dict[str, Tensor]:
    """One step of `diffusion/train`: what it drew stands in the case, the noise is TensorFlow's of that seed."""
    drawn, size = CASE["stage"], CASE["unet"]["imageSize"]
    w, frozen = Weights(trained=True), Weights(trained=False, prefix="frozen.")
    pixels = ((fill("pixels", [3, size, size, 3]) + 1) * 127.6).floor()
    images = torch.stack([pixels[row].flip(1) if turned else pixels[row] for row, turned in zip(drawn["rows"], drawn["mirrored"])])
    x0 = (images / 255 - 0.5) / 0.5  # ToTensor, Normalize(0.5, 0.5) [DCFace face_dataset.py]
    noise = stateless_normal([3, size, size, 3], drawn["noiseSeed"])
    t, m = torch.tensor(drawn["time"]), torch.tensor(drawn["m"]).float().double()
    parts = cemiface_loss(w, frozen, x0.permute(0, 3, 1, 2), noise.permute(0, 3, 1, 2), t, m)
    parts["loss"].backward()
    moved = {name: adamw_first_step(p, drawn["lr"], drawn["weightDecay"]) for name, p in w.all.items()}
    return {**parts, **w.gradients(), **under("w", moved)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    block = network("block", 2.5)
    made = under("block", {name: block[name] for name in block if name == "y" or re.search("norm|qkv|encoder|condition", name)})
    made |= under("shared", network("shared", 1))
    made |= under("loss", loss()) | under("stage", stage())
    path = HERE / "second-reading.safetensors"
    write_safetensors(str(path), made)
    print(f"{path.name}: {path.stat().st_size:,} bytes")
