"""Draws people who do not exist, and images of each: sample.py MODEL OUT PEOPLE IMAGES SEED."""

import sys
from pathlib import Path

import numpy as np
import torch
from model import LOOK, Model
from PIL import Image

file, out = sys.argv[1], Path(sys.argv[2])
people, images, seed = (int(argument) for argument in sys.argv[3:6])

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.manual_seed(seed)

weights = {name: torch.from_numpy(value) for name, value in np.load(file).items()}
model = Model(len(weights["people.weight"]))
model.load_state_dict(weights)
codes = weights["people.weight"]

with torch.no_grad():
    for person in range(people):
        # As far from their mean as the training people are, in a direction that none of them has.
        code = codes.mean(0) + codes.std(0) * torch.randn(codes.shape[1])
        drawn = model.generator(code.repeat(images, 1), torch.randn(images, LOOK))
        pixels = ((drawn + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
        folder = out / f"{person:05}"
        folder.mkdir(parents=True)
        for image, each in enumerate(pixels):
            Image.fromarray(each).save(folder / f"{image:03}.png")
        print(f"::cemiflow progress phase=sample step={person + 1} steps={people}", flush=True)
