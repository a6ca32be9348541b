"""PyTorch's side of `checkpoint.ts`: the same state, saved as its users save it."""

import json
import os
import sys
import time

import torch


def main() -> None:
    task = json.loads(sys.argv[1])
    state = {f"vector{i}": torch.full((task["parameters"],), i + 1.0) for i in range(task["vectors"])}
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for _ in sys.stdin:
        for vector in state.values():
            vector.mul_(0.5)
        start = time.perf_counter()
        torch.save(state, task["file"] + ".new")
        os.replace(task["file"] + ".new", task["file"])
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


main()
