"""Features of the FID's Inception network, as pytorch-fid 0.3.0 computes them in float64, and the parts that PyTorch and TensorFlow could differ in.

    python -m venv <folder> && <folder>/bin/pip install torch==2.9.1 torchvision==0.24.1 pytorch-fid==0.3.0
    <folder>/bin/python test/golden/inception.py

It writes `inception.safetensors` beside itself. The published weights are not used: both sides fill the network by a function of names, with Kaiming's
deviations, so that images and not biases decide the features. pytorch-fid would fetch its file from the network; it is given these weights instead.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from pytorch_fid import inception
from torch import Tensor

from values import fill, write_safetensors

# Rows and columns of resized images that are stored: corners, their neighbours, and some inside.
KEPT = [0, 1, 4, 30, 149, 297, 298]


def fill_parameter(name: str, shape: list[int]) -> Tensor:
    if len(shape) > 1:
        return fill(name, shape, math.sqrt(6 / math.prod(shape[1:])))
    if name.endswith("running_var"):
        return fill(name, shape, 0.5, 1)
    return fill(name, shape, 0.4, 1) if name.endswith("weight") else fill(name, shape, 0.2)


def images(height: int, width: int) -> Tensor:
    """A varied image and a dark one, in [-1, 1]: of two that are noise alike, the network's features are alike."""
    shape = [1, 3, height, width]
    return torch.cat([fill(f"varied/{height}", shape), fill(f"dark/{height}", shape, 0.25, -0.5)])


def network() -> torch.nn.Module:
    plain = torchvision.models.inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)
    weights = {
        name: tensor if name.endswith("num_batches_tracked") else fill_parameter(name, list(tensor.shape))
        for name, tensor in plain.state_dict().items()
    }
    inception.load_state_dict_from_url = lambda *_, **__: weights
    return inception.InceptionV3([3]).double().eval()


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    values = {}
    model = network()
    for height, width in [(32, 32), (112, 96)]:
        with torch.no_grad():
            # pytorch-fid takes images in [0, 1].
            values[f"features/{height}"] = model((images(height, width) + 1) / 2)[0].flatten(1)
    for height, width in [(32, 32), (112, 96), (400, 301)]:
        resized = F.interpolate(images(height, width), size=(299, 299), mode="bilinear", align_corners=False)
        values[f"resized/{height}"] = resized[:, :, KEPT][:, :, :, KEPT]
    x = fill("map", [2, 3, 6, 5])
    values["pool/average"] = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)
    values["pool/max"] = F.max_pool2d(x, kernel_size=3, stride=1, padding=1)
    values["pool/max strided"] = F.max_pool2d(x, kernel_size=3, stride=2)
    for name, tensor in values.items():
        print(name, list(tensor.shape), f"{tensor.min():.3f} … {tensor.max():.3f}, deviation {tensor.std():.3f}")
    apart = values["features/32"]
    print("two images are", f"{(apart[0] - apart[1]).norm() / apart.norm():.3f}", "apart")
    path = Path(__file__).parent / "inception.safetensors"
    write_safetensors(str(path), values)
    print(f"{path.name}: {path.stat().st_size:,} bytes")
