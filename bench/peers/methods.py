"""Losses, averaging and sampling in plain PyTorch, as its users write them. See `networks.py`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from networks import UNet


class MarginHead(nn.Module):
    """CosFace, ArcFace or AdaFace: `forward(features [B, D], labels [B])` gives the scaled logits [B, C]."""

    def __init__(
        self, loss: str, embedding: int, classes: int, m: float, s: float = 64, h: float = 0.333, t_alpha: float = 0.01
    ):
        super().__init__()
        self.loss, self.m, self.s, self.h, self.t_alpha = loss, m, s, h, t_alpha
        self.eps = 1e-3 if loss == "adaface" else 1e-4
        self.kernel = nn.Parameter(F.normalize(torch.empty(embedding, classes).uniform_(-1, 1), dim=0))
        if loss == "adaface":
            self.register_buffer("batch_mean", torch.full((1,), 20.0))
            self.register_buffer("batch_std", torch.full((1,), 100.0))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        norms = features.norm(dim=1, keepdim=True)
        cosine = torch.mm(features / norms, F.normalize(self.kernel, dim=0)).clamp(-1 + self.eps, 1 - self.eps)
        own = labels[:, None]
        target = cosine.gather(1, own)
        return cosine.scatter(1, own, self.with_margin(target, norms)) * self.s

    def with_margin(self, target: Tensor, norms: Tensor) -> Tensor:
        if self.loss == "cosface":
            return target - self.m
        if self.loss == "arcface":
            turned = torch.cos(torch.acos(target) + self.m)
            return torch.where(target > math.cos(math.pi - self.m), turned, target - self.m * math.sin(self.m))
        z = self.quality(norms)
        angle = (torch.acos(target) - self.m * z).clamp(self.eps, math.pi - self.eps)
        return torch.cos(angle) - self.m * (1 + z)

    @torch.no_grad()
    def quality(self, norms: Tensor) -> Tensor:
        """AdaFace's z in [-1, 1], after the batch has entered the running statistics of the norm."""
        safe = norms.clamp(0.001, 100)
        self.batch_mean.lerp_(safe.mean(), self.t_alpha)
        self.batch_std.lerp_(safe.std(), self.t_alpha)
        return ((safe - self.batch_mean) / (self.batch_std + self.eps) * self.h).clamp(-1, 1)


def column(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def q_sample(images: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) noise (DDPM eq. 4)."""
    a = column(alpha_bar)
    return a.sqrt() * images + (1 - a).sqrt() * noise


def velocity(images: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    a = column(alpha_bar)
    return a.sqrt() * noise - (1 - a).sqrt() * images


def clean_images(noisy: Tensor, output: Tensor, alpha_bar: Tensor, prediction: str) -> Tensor:
    """x_0 as the network's output has it, clipped to [-1, 1] (CemiFace eq. 6)."""
    a = column(alpha_bar)
    if prediction == "epsilon":
        return ((noisy - (1 - a).sqrt() * output) / a.sqrt()).clamp(-1, 1)
    return (a.sqrt() * noisy - (1 - a).sqrt() * output).clamp(-1, 1)


def similarity_matching(s: Tensor, m: Tensor, time: Tensor, steps: int) -> Tensor:
    """L_SimMat (CemiFace eq. 5 to 9)."""
    gamma = time / steps
    return ((1 - gamma) * (1 - s).square() + gamma * (m - s).square()).mean()


def diffusion_loss(unet: UNet, frozen: nn.Module, batch: dict, weight: float = 0.05, steps: int = 1000) -> dict:
    """
    L_MSE + weight L_SimMat, and its parts (CemiFace eq. 10). `batch`: images and noise [B, 3, S, S], identity [B, D] of
    unit rows, m, time and alpha_bar [B]. `frozen` is the recognizer in eval mode without gradients of its own.
    """
    prediction = unet.config["prediction"]
    noisy = q_sample(batch["images"], batch["noise"], batch["alpha_bar"])
    output = unet(noisy, batch["time"], unet.condition_tokens(batch["identity"], batch["m"]))
    epsilon = prediction == "epsilon"
    target = batch["noise"] if epsilon else velocity(batch["images"], batch["noise"], batch["alpha_bar"])
    mse = F.mse_loss(output, target)
    reached = F.normalize(frozen(clean_images(noisy, output, batch["alpha_bar"], prediction)))
    s = (reached * batch["identity"]).sum(1)
    sim_mat = similarity_matching(s, batch["m"], batch["time"], steps)
    return {"loss": mse + weight * sim_mat, "mse": mse, "sim_mat": sim_mat, "similarity": s.mean()}


def ema_decay(step: int, maximum: float = 0.9999) -> float:
    return min(maximum, 1 - (1 + step) ** -0.75)


@torch.no_grad()
def ema_update(average: list[Tensor], parameters: list[Tensor], decay: float) -> None:
    torch._foreach_lerp_(average, parameters, 1 - decay)


def alpha_bars(steps: int = 1000) -> Tensor:
    """Running products of 1 - beta, with linear betas from 1e-4 to 2e-2. float64 [T]"""
    return torch.cumprod(1 - torch.linspace(1e-4, 2e-2, steps, dtype=torch.float64), dim=0)


@torch.no_grad()
def ddim_step(
    unet: UNet, x: Tensor, tokens: Tensor, time: int, alpha_bar: float, next_alpha_bar: float, predict=None
) -> Tensor:
    """
    One deterministic step (DDIM eq. 12, eta 0), the noise taken anew from the clipped x_0. `predict` stands in for `unet`.
    """
    at = torch.full((len(x),), float(time), dtype=x.dtype, device=x.device)
    output = (predict or unet)(x, at, tokens).to(x.dtype)
    a = torch.tensor(alpha_bar, dtype=x.dtype, device=x.device)
    clean = clean_images(x, output, a, unet.config["prediction"])
    noise = (x - a.sqrt() * clean) / (1 - a).sqrt()
    return math.sqrt(next_alpha_bar) * clean + math.sqrt(1 - next_alpha_bar) * noise


@torch.no_grad()
def ddim_sample(
    unet: UNet, noise: Tensor, identity: Tensor, m: Tensor, count: int = 20, steps: int = 1000, predict=None
) -> Tensor:
    """Images [B, 3, S, S] from noise, at times that are multiples of steps / count, down to alpha_bar = 1."""
    bars = alpha_bars(steps).tolist()
    times = [i * steps // count for i in reversed(range(count))]
    tokens, x = unet.condition_tokens(identity, m), noise
    for time, following in zip(times, [bars[t] for t in times[1:]] + [1.0]):
        x = ddim_step(unet, x, tokens, time, bars[time], following, predict)
    return x
