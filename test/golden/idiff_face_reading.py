"""A second writing of IDiff-Face's networks, made from its paper and the published code and not from ours: the context and its
partial dropout, the denoiser of latents with its loss, one ancestral step, and the VQ autoencoder with its loss. Run by hand
when a case changes:

    <folder>/bin/python test/golden/idiff_face_reading.py

with the environment of `make.py`. It writes idiff-face.safetensors beside itself. Sizes come from cases.json ("idiffFace"),
weights and inputs from the formula that both sides have (values.py). Parameters have the names and shapes of the published
files: IDiff-Face's for the UNet, latent diffusion's for the autoencoder.

Sources: [IDF] fdbtrs/IDiff-Face 8b39369; [LDM] its folder models/autoencoder, which is CompVis/latent-diffusion's first stage;
[Paper] arXiv 2308.04995; [DDPM] arXiv 2006.11239.
"""

import json
import pathlib
import re

import torch
from second_reading import Weights, timestep_embedding, under
from torch import Tensor
from torch.nn import functional as F
from values import fill, write_safetensors

HERE = pathlib.Path(__file__).parent
CASE = json.loads((HERE / "cases.json").read_text())["idiffFace"]
UNET, AUTOENCODER = CASE["unet"], CASE["autoencoder"]

# Gradients that are stored: some of each kind of module. The file would be too large with all.
STORED = re.compile(
    r"image_proj|time_emb\.lin|context_emb|final|^norm\.|down\.0\.res|down\.2\.conv\.bias|down\.3\.(res\.(norm|scale|shift)|attn\.c_norm)"
    r"|middle\.attn\.(x_|c_norm|c_proj_in\.bias|\w+_attention\.to_[qkv]\.bias|\w+_attention\.proj_out|ff\.0\.bias)"
    r"|up\.0\.res\.(norm1|shortcut\.bias)|up\.3\.conv\.bias|up\.7\.conv\.weight|up\.10\.res\.(scale|shift|time|conv1\.bias|shortcut)"
)


def linear(w: Weights, name: str, x: Tensor, width: int) -> Tensor:
    """nn.Linear. x [B, in]"""
    return F.linear(x, w(f"{name}.weight", width, x.shape[-1]), w(f"{name}.bias", width))


def conv(w: Weights, name: str, x: Tensor, width: int, kernel: int, stride: int = 1, padding: int | None = None) -> Tensor:
    """nn.Conv2d, padded by half its kernel. x [B, in, H, W]"""
    weight = w(f"{name}.weight", width, x.shape[1], kernel, kernel)
    return F.conv2d(x, weight, w(f"{name}.bias", width), stride, kernel // 2 if padding is None else padding)


def norm(w: Weights, name: str, x: Tensor, groups: int, eps: float) -> Tensor:
    """nn.GroupNorm. x [B, C, …]"""
    c = x.shape[1]
    return F.group_norm(x, groups, w(f"{name}.weight", c), w(f"{name}.bias", c), eps)


# The denoiser [IDF models/diffusion]


def context_of(w: Weights, identity: Tensor, kept: Tensor | None = None) -> Tensor:
    """
    The context that all blocks see [IDF unet.py, forward]: a linear layer, and in training nn.Dropout behind it. `kept` [B, D] is
    1 where an entry was kept: nn.Dropout divides these by the share that is kept.
    """
    context = linear(w, "context_emb", identity, UNET["conditionSize"])
    return context if kept is None else context * kept / (1 - CASE["dropout"])


def residual(w: Weights, name: str, x: Tensor, time: Tensor, width: int) -> Tensor:
    """ResidualBlock of condition type CA [IDF unet.py]: the context does not enter it. time [B, 4 base]"""
    h = conv(w, f"{name}.conv1", F.silu(norm(w, f"{name}.norm1", x, UNET["groups"], 1e-5)), width, 3)
    embedding = linear(w, f"{name}.time_emb.1", F.silu(time), width)
    scale = linear(w, f"{name}.scale_emb", embedding, width)[:, :, None, None]
    shift = linear(w, f"{name}.shift_emb", embedding, width)[:, :, None, None]
    h = (1 + scale) * norm(w, f"{name}.norm2.norm", h, UNET["groups"], 1e-5) + shift
    h = conv(w, f"{name}.conv2", F.silu(h), width, 3)
    return h + (x if x.shape[1] == width else conv(w, f"{name}.shortcut", x, width, 1))


def attention(w: Weights, name: str, x: Tensor, tokens: Tensor, heads: int) -> Tensor:
    """MultiHeadAttention [IDF nn.py]. x [B, C, N], tokens [B, D, K]"""
    inner = heads * UNET["headChannels"]

    def conv1(part: str, t: Tensor, width: int) -> Tensor:
        return F.conv1d(t, w(f"{name}.{part}.weight", width, t.shape[1], 1), w(f"{name}.{part}.bias", width))

    def by_head(part: str, t: Tensor) -> Tensor:
        return conv1(part, t, inner).unflatten(1, (heads, -1))

    q, k, v = by_head("to_q", x), by_head("to_k", tokens), by_head("to_v", tokens)
    weight = torch.softmax(torch.einsum("bhct,bhcs->bhts", q, k) / q.shape[2] ** 0.5, dim=3)
    return conv1("proj_out", torch.einsum("bhts,bhcs->bhct", weight, v).flatten(1, 2), x.shape[1])


def transformer(w: Weights, name: str, image: Tensor, context: Tensor) -> Tensor:
    """SpatialEmbeddingCrossAttentionBlock [IDF nn.py]: one norm of the image before each of three parts. context [B, D]"""
    b, c, height, width = image.shape
    heads = c // UNET["headChannels"]
    inner = heads * UNET["headChannels"]
    x = conv(w, f"{name}.x_proj_in", image, inner, 1).flatten(2)
    size, count = UNET["conditionSize"], UNET["conditionTokens"]
    tokens = linear(w, f"{name}.c_proj_in", context, size * count).reshape(b, size, count)
    tokens = norm(w, f"{name}.c_norm", tokens, UNET["groups"], 1e-5)

    def normal() -> Tensor:
        return norm(w, f"{name}.x_norm", x, UNET["groups"], 1e-5)

    y = normal()
    x = attention(w, f"{name}.self_attention", y, y, heads) + x
    x = attention(w, f"{name}.cross_attention", normal(), tokens, heads) + x
    rows = F.gelu(linear(w, f"{name}.ff.0", normal().mT, 4 * inner))
    x = linear(w, f"{name}.ff.2", rows, inner).mT + x
    return image + conv(w, f"{name}.x_proj_out", x.reshape(b, inner, height, width), c, 1)


def denoise(w: Weights, x: Tensor, t: Tensor, context: Tensor) -> Tensor:
    """
    ConditionalUNet [IDF unet.py]. Its configuration multiplies channels level by level; `multipliers` are the products. The last block
    of a level on the way up has the channels of the next level; the modules that double the size take nothing from the way down.
    """
    base, multipliers, blocks = UNET["base"], UNET["multipliers"], UNET["blocks"]
    time = linear(w, "time_emb.lin1", timestep_embedding(t.double(), base), 4 * base)
    time = linear(w, "time_emb.lin2", F.silu(time), 4 * base)
    last = len(multipliers) - 1

    def block(name: str, h: Tensor, width: int, level: int) -> Tensor:
        h = residual(w, f"{name}.res", h, time, width)
        return transformer(w, f"{name}.attn", h, context) if level in UNET["attention"] else h

    h = conv(w, "image_proj", x, base, 3)
    kept, number = [h], 0
    for level, multiplier in enumerate(multipliers):
        for _ in range(blocks):
            h = block(f"down.{number}", h, multiplier * base, level)
            kept.append(h)
            number += 1
        if level < last:
            h = conv(w, f"down.{number}.conv", h, h.shape[1], 3, stride=2)
            kept.append(h)
            number += 1
    h = residual(w, "middle.res1", h, time, h.shape[1])
    h = transformer(w, "middle.attn", h, context)
    h = residual(w, "middle.res2", h, time, h.shape[1])
    number = 0
    for level in range(last, -1, -1):
        for i in range(blocks + 1):
            width = base * multipliers[level if i < blocks else max(level - 1, 0)]
            width = base if level == 0 and i == blocks else width
            h = block(f"up.{number}", torch.cat([h, kept.pop()], dim=1), width, level)
            number += 1
        if level > 0:
            c = h.shape[1]
            h = F.conv_transpose2d(h, w(f"up.{number}.conv.weight", c, c, 4, 4), w(f"up.{number}.conv.bias", c), 2, 1)
            number += 1
    assert not kept
    return conv(w, "final", F.silu(norm(w, "norm", h, UNET["groups"], 1e-5)), UNET["channels"], 3)


# The autoencoder [LDM]


def swish(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def normalize(w: Weights, name: str, x: Tensor) -> Tensor:
    return norm(w, name, x, AUTOENCODER["groups"], 1e-6)


def resnet_block(w: Weights, name: str, x: Tensor, width: int) -> Tensor:
    """ResnetBlock without a time [LDM modules.py]."""
    h = conv(w, f"{name}.conv1", swish(normalize(w, f"{name}.norm1", x)), width, 3)
    h = conv(w, f"{name}.conv2", swish(normalize(w, f"{name}.norm2", h)), width, 3)
    return h + (x if x.shape[1] == width else conv(w, f"{name}.nin_shortcut", x, width, 1))


def middle(w: Weights, name: str, x: Tensor) -> Tensor:
    """block_1, attn_1, block_2 [LDM modules.py]."""
    x = resnet_block(w, f"{name}.mid.block_1", x, x.shape[1])
    at = f"{name}.mid.attn_1"
    y = normalize(w, f"{at}.norm", x)
    q, k, v = (conv(w, f"{at}.{part}", y, x.shape[1], 1).flatten(2) for part in ("q", "k", "v"))
    weight = torch.softmax(q.mT @ k / q.shape[1] ** 0.5, dim=2)
    x = x + conv(w, f"{at}.proj_out", (v @ weight.mT).reshape(x.shape), x.shape[1], 1)
    return resnet_block(w, f"{name}.mid.block_2", x, x.shape[1])


def encode(w: Weights, images: Tensor) -> Tensor:
    """Encoder and quant_conv: latents before they are quantised [LDM; IDF vqgan.py VQEncoderInterface]."""
    base, channels = AUTOENCODER["base"], AUTOENCODER["channels"]
    h = conv(w, "encoder.conv_in", images, base, 3)
    for level, multiplier in enumerate(AUTOENCODER["multipliers"]):
        for i in range(AUTOENCODER["blocks"]):
            h = resnet_block(w, f"encoder.down.{level}.block.{i}", h, multiplier * base)
        if level < len(AUTOENCODER["multipliers"]) - 1:
            # Zeros behind the image alone.
            h = conv(w, f"encoder.down.{level}.downsample.conv", F.pad(h, (0, 1, 0, 1)), h.shape[1], 3, stride=2, padding=0)
    h = swish(normalize(w, "encoder.norm_out", middle(w, "encoder", h)))
    return conv(w, "quant_conv", conv(w, "encoder.conv_out", h, channels, 3), channels, 1)


def decode(w: Weights, codes: Tensor) -> Tensor:
    """post_quant_conv and decoder [LDM; IDF vqgan.py VQDecoderInterface]."""
    base, multipliers = AUTOENCODER["base"], AUTOENCODER["multipliers"]
    h = conv(w, "post_quant_conv", codes, AUTOENCODER["channels"], 1)
    h = middle(w, "decoder", conv(w, "decoder.conv_in", h, base * multipliers[-1], 3))
    for level in range(len(multipliers) - 1, -1, -1):
        for i in range(AUTOENCODER["blocks"] + 1):
            h = resnet_block(w, f"decoder.up.{level}.block.{i}", h, multipliers[level] * base)
        if level > 0:
            h = h.repeat_interleave(2, 2).repeat_interleave(2, 3)
            h = conv(w, f"decoder.up.{level}.upsample.conv", h, h.shape[1], 3)
    return conv(w, "decoder.conv_out", swish(normalize(w, "decoder.norm_out", h)), 3, 3)


def quantise(w: Weights, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """VectorQuantizer2, legacy: beta weighs the term that moves codes [LDM quantization.py]. Codes, loss, numbers of codes."""
    codebook = w("quantize.embedding.weight", AUTOENCODER["codes"], AUTOENCODER["channels"])
    z = latents.permute(0, 2, 3, 1)
    distances = (z[..., None, :] - codebook).square().sum(-1)
    nearest, second = distances.sort(-1).values[..., :2].unbind(-1)
    assert (second - nearest).min() > 1e-4, "a latent between two codes: float32 may take the other one"
    numbers = distances.argmin(-1)
    codes = codebook[numbers]
    loss = (codes.detach() - z).square().mean() + CASE["beta"] * (codes - z.detach()).square().mean()
    return (z + (codes - z).detach()).permute(0, 3, 1, 2), loss, numbers


# What is stored


def alpha_bars() -> Tensor:
    """The schedule "linear" [IDF ddpm.py] for 1,000 steps. [T]"""
    betas = torch.linspace(1e-4, 2e-2, CASE["timesteps"])
    return torch.cumsum(torch.log(1 - betas), 0).exp()


def batch(name: str) -> Tensor:
    """Of latents."""
    return fill(name, [len(CASE["time"]), UNET["channels"], UNET["side"], UNET["side"]])


def identities() -> Tensor:
    return F.normalize(fill("identity", [len(CASE["time"]), UNET["identitySize"]])).float().double()


def kept() -> Tensor:
    return torch.tensor(CASE["kept"]).double()


def images() -> Tensor:
    return fill("images", [len(CASE["time"]), 3, CASE["imageSize"], CASE["imageSize"]])


def sampling() -> dict[str, Tensor]:
    """The context without dropout, the noise, the next x, and from it as from finished latents the decoded image."""
    w, frozen, t = Weights(False), Weights(False), CASE["step"]
    context, x = context_of(w, identities()), batch("x")
    epsilon = denoise(w, x, torch.full([len(x)], t), context)
    beta = torch.linspace(1e-4, 2e-2, CASE["timesteps"])[t]
    # Algorithm 2 of [DDPM] with sigma^2 = beta [IDF ddpm.py, sample].
    moved = (x - epsilon * beta / (1 - alpha_bars()[t]).sqrt()) / (1 - beta).sqrt() + beta.sqrt() * batch("noise")
    codes, _, _ = quantise(frozen, moved)
    return {"context": context, "epsilon": epsilon, "next": moved, "decoded": decode(frozen, codes)}


def training() -> dict[str, Tensor]:
    """Latents of images, the loss of the noise in them, and its gradients. The encoder is frozen."""
    w, frozen, t = Weights(True), Weights(False), torch.tensor(CASE["time"])
    latents, noise, identity = encode(frozen, images()), batch("noise"), identities().requires_grad_()
    a = alpha_bars()[t][:, None, None, None]
    context = context_of(w, identity, kept())
    epsilon = denoise(w, a.sqrt() * latents + (1 - a).sqrt() * noise, t, context)
    loss = F.mse_loss(epsilon, noise)
    loss.backward()
    stored = {name: each for name, each in w.gradients().items() if STORED.search(name.removeprefix("gradient/"))}
    return {"latents": latents, "context": context, "losses/loss": loss, **stored, "gradient/identity": identity.grad}


def autoencoder() -> dict[str, Tensor]:
    """
    Mean absolute error and codebook loss: what remains of [LDM]'s loss without its perceptual and adversarial terms. A file holds no
    whole numbers, so those of codes are stored as floats.
    """
    w = Weights(True)
    latents = encode(w, images())
    codes, codebook, numbers = quantise(w, latents)
    reconstruction = (decode(w, codes) - images()).abs().mean()
    share = torch.bincount(numbers.flatten(), minlength=AUTOENCODER["codes"]).double() / numbers.numel()
    perplexity = torch.exp(-(share * torch.log(share + 1e-10)).sum())
    loss = reconstruction + codebook
    loss.backward()
    parts = {"loss": loss, "reconstruction": reconstruction, "codebook": codebook, "perplexity": perplexity}
    return {"latents": latents, "codes": codes, "numbers": numbers.double(), **under("losses", parts), **w.gradients()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    made = under("sampling", sampling()) | under("training", training()) | under("autoencoder", autoencoder())
    path = HERE / "idiff-face.safetensors"
    write_safetensors(str(path), made)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(made)} tensors")
