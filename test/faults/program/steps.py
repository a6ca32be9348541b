"""A hundred steps, each a hash of the one before: steps.py OUT CHECKPOINTS."""

import hashlib
import os
import sys
import time

out, checkpoints = sys.argv[1:3]
saved = os.path.join(checkpoints, "state")
step, value = 0, "0"
if os.path.exists(saved):
    with open(saved) as file:
        step, value = int(file.readline()), file.readline()
while step < 100:
    value = hashlib.sha256(value.encode()).hexdigest()
    step += 1
    time.sleep(0.05)
    print(f"::cemiflow progress phase=hash step={step} steps=100", flush=True)
    if step % 5 == 0:
        os.makedirs(checkpoints, exist_ok=True)
        with open(saved + ".new", "w") as file:
            file.write(f"{step}\n{value}")
        os.replace(saved + ".new", saved)
        print("::cemiflow checkpoint", flush=True)
with open(out, "w") as file:
    file.write(value)
