"""Trains the generator, and resumes from its last checkpoint: train.py FACES MODEL CHECKPOINTS SEED STEPS."""

import sys
from pathlib import Path

import numpy as np
import torch
from model import LOOK, Model
from PIL import Image

faces, out, checkpoints, seed, steps = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
BATCH, EVERY = 64, 50

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.manual_seed(seed)

people = sorted(path for path in faces.iterdir() if path.is_dir())
files = [(file, label) for label, person in enumerate(people) for file in sorted(person.iterdir())]
pixels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file, _ in files])
images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
labels = torch.tensor([label for _, label in files])

model = Model(len(people))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
done = 0
saved = checkpoints / "state.pt"
if saved.exists():
    state = torch.load(saved, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    done = state["step"]
    print(f"goes on at step {done}", flush=True)

for step in range(done + 1, steps + 1):
    rows = torch.randint(len(images), (BATCH,))
    loss = model.loss(images[rows], labels[rows], torch.randn(BATCH, LOOK))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"::cemiflow progress phase=train step={step} steps={steps} loss={loss.item():.4f}", flush=True)
    if step % EVERY == 0 and step < steps:
        checkpoints.mkdir(exist_ok=True)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state(), "step": step}
        torch.save(state, checkpoints / "state.new")
        (checkpoints / "state.new").rename(saved)
        print("::cemiflow checkpoint", flush=True)

# As arrays: a file of torch.save holds a name of its own, and the same weights would not be the same bytes.
np.savez(out, **{name: value.numpy() for name, value in model.state_dict().items()})
