"""Runs `bench/peers/tensors.py` on a GPU: the same work, with everything made there, and PyTorch's settings for speed.

One argument: the task as JSON, with `device` and `tf32` beside what `tensors.py` reads.
"""

import json
import runpy
import sys
from pathlib import Path

import torch

task = json.loads(sys.argv[1])
torch.set_default_device(task["device"])
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = task["tf32"]
torch.backends.cudnn.benchmark = True
peers = Path(__file__).resolve().parents[1] / "peers"
sys.path.insert(0, str(peers))
runpy.run_path(str(peers / "tensors.py"), run_name="__main__")
