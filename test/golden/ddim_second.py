"""DDIM a second time, with every epsilon and eta, written from the papers and not from our code or `bench/peers`.

The update is Song et al. 2021 (DDIM), equations 12 and 16, the velocity Salimans and Ho 2022, section 4. What DCFace's code adds
are facts: linear betas from 1e-4 to 2e-2, times that are multiples of T / steps from 0, a last target of alpha bar 1, the predicted
image clipped to [-1, 1], and the network's epsilon kept as it is (`network`). `clipped` takes epsilon anew from the clipped image.

    python test/golden/ddim_second.py
"""

from pathlib import Path

import torch
from torch import Tensor

from values import fill, stateless_normal, write_safetensors

T, STEPS, BATCH, SHAPE = 1000, 5, 2, (4, 3, 3)
KEPT = (1, 3, 5)


def alpha_bars() -> Tensor:
    return torch.cumprod(1 - torch.linspace(1e-4, 2e-2, T, dtype=torch.float64), 0)


def network(x: Tensor, t: int, prediction: str) -> Tensor:
    """Any function of x and t will do that mixes channels, and whose images sometimes leave [-1, 1], but not always."""
    bent = torch.tanh(x @ fill("mix", [3, 3]) + fill("shift", [3]) + t / T)
    if prediction == "velocity":
        return 0.7 * bent
    left = 1 - t / T  # Early, x is almost its noise.
    return (1 - left**3) * x + 0.4 * left**2 * bent


def predictions(output: Tensor, x: Tensor, a: Tensor, prediction: str) -> tuple[Tensor, Tensor]:
    """The image and the noise that the output stands for: x_t = sqrt(a) x_0 + sqrt(1 - a) epsilon holds between them."""
    if prediction == "epsilon":
        return (x - (1 - a).sqrt() * output) / a.sqrt(), output
    # v = sqrt(a) epsilon - sqrt(1 - a) x_0: x_t and v are (x_0, epsilon), turned by the angle whose cosine is sqrt(a).
    image = a.sqrt() * x - (1 - a).sqrt() * output
    return image, (1 - a).sqrt() * x + a.sqrt() * output


def sample(prediction: str, epsilon: str, eta: float) -> tuple[dict[str, Tensor], float]:
    """x after the steps in `KEPT`, and the share of predicted values that were clipped on the way."""
    bars = alpha_bars()
    x = fill("x_T", [BATCH, *SHAPE], 1.7)
    made, clipped = {}, 0.0
    for number, i in enumerate(reversed(range(STEPS)), 1):
        t = i * (T // STEPS)
        a, a_next = bars[t], bars[t - T // STEPS] if i > 0 else torch.tensor(1.0, dtype=torch.float64)
        image, noise = predictions(network(x, t, prediction), x, a, prediction)
        clipped += (image.abs() > 1).double().mean().item() / STEPS
        image = image.clamp(-1, 1)
        if epsilon == "clipped":
            noise = (x - a.sqrt() * image) / (1 - a).sqrt()
        sigma = eta * ((1 - a_next) / (1 - a)).sqrt() * (1 - a / a_next).sqrt()  # eq. 16
        fresh = torch.stack([stateless_normal(list(SHAPE), [7 + each, number]) for each in range(BATCH)])
        x = a_next.sqrt() * image + (1 - a_next - sigma**2).sqrt() * noise + sigma * fresh  # eq. 12
        if number in KEPT:
            made[str(number)] = x
    return made, clipped


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    values = {}
    for prediction in ("epsilon", "velocity"):
        for epsilon in ("network", "clipped"):
            for eta in (0, 0.5, 1):
                made, clipped = sample(prediction, epsilon, eta)
                values |= {f"{prediction}/{epsilon}/{eta}/{number}": x for number, x in made.items()}
                print(f"{prediction} {epsilon} {eta}: {clipped:.0%} clipped, last {made['5'].flatten()[:3].tolist()}")
    path = Path(__file__).parent / "ddim-second.safetensors"
    write_safetensors(str(path), values)
    print(f"{path.name}: {path.stat().st_size:,} bytes")
