"""Full-size checkpoints with AdaFace's and InsightFace's names, written by PyTorch, and JPEGs with what PyTorch makes of them. By hand:

    <python with torch, numpy, pillow> test/published/make.py FOLDER [ir_18 ir_se_50 iresnet_50 …]
    node --import tsx test/published/check.ts FOLDER
    <the same python> test/published/load.py FOLDER

Weights are random, running statistics far from those of a new network, features normalised last as the networks' users do.
"""

import io
import json
import pathlib
import sys

import numpy
import torch
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]
sys.path += [str(ROOT / "bench" / "peers")]

import networks  # noqa: E402

PHOTOS = 6


def photo(index: int) -> bytes:
    y, x = numpy.mgrid[0:112, 0:112] / 112
    noise = numpy.random.default_rng(index).normal(0, 12, (112, 112, 3))
    planes = [numpy.sin(5 * (index + 1) * x + c + 7 * y * (c + 1)) * 100 + 128 for c in range(3)]
    pixels = numpy.clip(numpy.stack(planes, 2) + noise, 0, 255).astype(numpy.uint8)
    file = io.BytesIO()
    # 4:2:0, as most photos are.
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


@torch.no_grad()
def randomised(config: dict) -> torch.nn.Module:
    torch.manual_seed(1)
    model = networks.recognizer(config)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            # InsightFace's own first weights grow features beyond float32 without training.
            torch.nn.init.kaiming_normal_(module.weight)
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                module.weight.uniform_(0.5, 1.2)
                module.bias.normal_(0, 0.1)
    return model.eval()


@torch.no_grad()
def main(folder: pathlib.Path, presets: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(PHOTOS):
        (folder / f"{index}.jpg").write_bytes(photo(index))
    pixels = [numpy.asarray(Image.open(folder / f"{i}.jpg").convert("RGB")).copy() for i in range(PHOTOS)]
    x = (torch.from_numpy(numpy.stack(pixels)).permute(0, 3, 1, 2).float() - 127.5) / 127.5
    expected = {}
    for preset in presets:
        model = randomised(networks.RECOGNIZERS[preset])
        insightface = preset.startswith("iresnet")
        if insightface:
            torch.save(model.state_dict(), folder / f"{preset}.pth")
        else:
            state = {f"model.{name}": value for name, value in model.state_dict().items()}
            state |= {"head.kernel": torch.randn(512, 100), "head.t": torch.zeros(1)}
            torch.save({"state_dict": state, "epoch": 1}, folder / f"{preset}.ckpt")
        rows = torch.nn.functional.normalize(model(x if insightface else x.flip(1)))
        file = f"{preset}.{'pth' if insightface else 'ckpt'}"
        expected[file] = {"channels": "rgb" if insightface else "bgr", "embeddings": rows.tolist()}
    (folder / "expected.json").write_text(json.dumps(expected))


main(pathlib.Path(sys.argv[1]), sys.argv[2:] or ["ir_18", "ir_50", "ir_se_50", "iresnet_50"])
