"""The conditional VAE of synface/train-generator in PyTorch, written from its description in docs/methods/synface.md and the papers,
and not from our code. Run by hand when a case changes:

    <folder>/bin/python test/golden/synface_reading.py

with the environment of `make.py`. It writes synface.safetensors beside itself. Sizes come from cases.json ("synface"), weights and
inputs from the formula that both sides have (values.py).

Sources: [VAE] Kingma and Welling, arXiv 1312.6114; [CVAE] Sohn, Lee and Yan, NeurIPS 2015; [beta] Higgins et al., ICLR 2017.
"""

import json
import math
import pathlib

import torch
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence
from torch.nn import functional as F
from values import fill, fill_parameter, stateless_normal, write_safetensors

HERE = pathlib.Path(__file__).parent
CASE = json.loads((HERE / "cases.json").read_text())["synface"]
BATCH, SIDE, PATCH = CASE["batch"], CASE["network"]["imageSize"], CASE["network"]["patch"]
HIDDEN, LATENT, GROUPS = CASE["network"]["hidden"], CASE["network"]["latent"], CASE["network"]["groups"]
WIDTHS = [CASE["network"]["base"] * m for m in CASE["network"]["multipliers"]]
SMALLEST = SIDE // (PATCH * 2 ** (len(WIDTHS) - 1))

PARAMETERS: dict[str, Tensor] = {}


def parameter(name: str, *shape: int) -> Tensor:
    if name not in PARAMETERS:
        PARAMETERS[name] = fill_parameter(name, list(shape)).requires_grad_()
    return PARAMETERS[name]


def linear(name: str, x: Tensor, width: int) -> Tensor:
    return F.linear(x, parameter(f"{name}.weight", width, x.shape[1]), parameter(f"{name}.bias", width))


def conv(name: str, x: Tensor, width: int, kernel: int = 3, stride: int = 1) -> Tensor:
    weight = parameter(f"{name}.weight", width, x.shape[1], kernel, kernel)
    return F.conv2d(x, weight, parameter(f"{name}.bias", width), stride, kernel // 2)


def norm(name: str, x: Tensor) -> Tensor:
    c = x.shape[1]
    return F.group_norm(x, GROUPS, parameter(f"{name}.weight", c), parameter(f"{name}.bias", c))


def into_channels(x: Tensor) -> Tensor:
    """Squares of PATCH x PATCH pixels as channels: by row, column and colour of the pixel in its square."""
    squares = x.reshape(x.shape[0], 3, SIDE // PATCH, PATCH, SIDE // PATCH, PATCH)
    return squares.permute(0, 3, 5, 1, 2, 4).reshape(x.shape[0], 3 * PATCH**2, SIDE // PATCH, SIDE // PATCH)


def into_pixels(x: Tensor) -> Tensor:
    squares = x.reshape(x.shape[0], PATCH, PATCH, 3, SIDE // PATCH, SIDE // PATCH)
    return squares.permute(0, 3, 4, 1, 5, 2).reshape(x.shape[0], 3, SIDE, SIDE)


def encode(x: Tensor, c: Tensor) -> Normal:
    """q(z | x, c): one convolution a level, all but the first of stride 2. The network gives mean and logarithm of the variance."""
    h = into_channels(x)
    for level, width in enumerate(WIDTHS):
        at = f"encoder.level.{level}"
        h = F.silu(norm(f"{at}.norm", conv(f"{at}.conv", h, width, stride=2 if level else 1)))
    h = F.silu(linear("encoder.map", h.flatten(1), HIDDEN) + linear("encoder.identity", c, HIDDEN))
    return Normal(linear("encoder.mean", h, LATENT), linear("encoder.log_variance", h, LATENT).exp().sqrt())


def decode(z: Tensor, c: Tensor) -> Tensor:
    """The mean of p(x | z, c). The first map is a vector by row, column and channel."""
    h = F.silu(linear("decoder.latent", z, HIDDEN) + linear("decoder.identity", c, HIDDEN))
    h = F.silu(linear("decoder.hidden", h, HIDDEN))
    x = linear("decoder.map", h, SMALLEST**2 * WIDTHS[-1]).reshape(len(z), SMALLEST, SMALLEST, WIDTHS[-1]).movedim(3, 1)
    for level, width in enumerate(reversed(WIDTHS)):
        for block in range(CASE["network"]["blocks"]):
            at = f"decoder.level.{level}.block.{block}"
            if level and not block:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            r = conv(f"{at}.conv1", F.silu(norm(f"{at}.norm1", x)), width)
            scale, shift = linear(f"{at}.film", h, 2 * width)[:, :, None, None].chunk(2, 1)
            r = conv(f"{at}.conv2", F.silu(norm(f"{at}.norm2", r) * (1 + scale) + shift), width)
            x = r + (x if x.shape[1] == width else conv(f"{at}.shortcut", x, width, 1))
    return into_pixels(conv("decoder.conv_out", F.silu(norm("decoder.norm_out", x)), 3 * PATCH**2))


def main() -> dict[str, Tensor]:
    """
    The bound's negative [VAE eq. 10, CVAE eq. 4, beta eq. 4]: the expected negative logarithm of a normal density of deviation sigma
    around the decoder's image, less the constant of the density, plus beta times the divergence from the prior.
    """
    x, c = fill("images", [BATCH, 3, SIDE, SIDE]), fill("identity", [BATCH, CASE["network"]["identitySize"]])
    epsilon = stateless_normal([BATCH, LATENT], CASE["noiseSeed"])
    posterior = encode(x, c)
    z = posterior.mean + posterior.stddev * epsilon
    shown = decode(z, c)
    sigma = torch.tensor(CASE["deviation"], dtype=torch.float64)
    misfit = -Normal(shown, sigma).log_prob(x) - (sigma.log() + 0.5 * math.log(2 * math.pi))
    prior = Normal(torch.zeros_like(z), torch.ones_like(z))
    kl = kl_divergence(Independent(posterior, 1), Independent(prior, 1)).mean()
    loss = misfit.sum((1, 2, 3)).mean() + CASE["beta"] * kl
    loss.backward()
    return {
        "posterior/mean": posterior.mean,
        "posterior/logVariance": posterior.variance.log(),
        "decoded/x": decode(fill("latent", [BATCH, LATENT]), c),
        "losses/loss": loss,
        "losses/reconstruction": F.mse_loss(shown, x),
        "losses/kl": kl,
        **{f"gradient/{name}": tensor.grad for name, tensor in PARAMETERS.items()},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    made = main()
    path = HERE / "synface.safetensors"
    write_safetensors(str(path), made)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(made)} tensors")
