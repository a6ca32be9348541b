"""Loads what `check.ts` exported with strict=True into networks of AdaFace's and InsightFace's names: python load.py FOLDER"""

import json
import pathlib
import sys

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).parents[2]
sys.path += [str(ROOT / "bench" / "peers")]

import networks  # noqa: E402

folder = pathlib.Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())
for file, held in expected.items():
    preset = file.split(".")[0]
    weights = {}
    for part in sorted(folder.glob(f"{preset}.model*.safetensors")):
        weights |= load_file(part)
    model = networks.recognizer(networks.RECOGNIZERS[preset])
    model.load_state_dict(weights, strict=True)
    count = len(held["embeddings"])
    pixels = [numpy.asarray(Image.open(folder / f"{i}.jpg").convert("RGB")).copy() for i in range(count)]
    x = (torch.from_numpy(numpy.stack(pixels)).permute(0, 3, 1, 2).float() - 127.5) / 127.5
    with torch.no_grad():
        rows = torch.nn.functional.normalize(model.eval()(x.flip(1) if held["channels"] == "bgr" else x))
    print(preset, len(weights), "tensors;", "embeddings differ by", (rows - torch.tensor(held["embeddings"])).abs().max().item())
