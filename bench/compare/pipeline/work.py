"""Three stages as any lab has them. Each says in the file $COMPARE_LOG what it does, so that work done twice can be counted.

work.py prepare OUT            writes numbers
work.py train IN OUT RATE CHECKPOINTS   fits their mean by gradient descent in 120 steps, and resumes from its checkpoint
work.py score MODEL OUT        says how far off it is
"""

import json
import os
import sys
import time


def log(line):
    with open(os.environ["COMPARE_LOG"], "a") as file:
        file.write(line + "\n")


def prepare(out):
    log("prepare")
    time.sleep(1)
    with open(out, "w") as file:
        json.dump([(7 * i) % 101 / 101 for i in range(100)], file)


def train(data, out, rate, checkpoints, steps=120, every=10):
    log("train")
    with open(data) as file:
        numbers = json.load(file)
    step, value = 0, 0.0
    saved = os.path.join(checkpoints, "state.json")
    if os.path.exists(saved):
        with open(saved) as file:
            step, value = json.load(file)
    while step < steps:
        value -= float(rate) * sum(value - number for number in numbers) / len(numbers)
        step += 1
        log("step")
        time.sleep(0.05)
        if step % every == 0:
            os.makedirs(checkpoints, exist_ok=True)
            with open(saved + ".new", "w") as file:
                json.dump([step, value], file)
            os.replace(saved + ".new", saved)
            print("::cemiflow checkpoint", flush=True)
    with open(out, "w") as file:
        json.dump(value, file)


def score(model, out):
    log("score")
    with open(model) as file:
        value = json.load(file)
    with open(out, "w") as file:
        json.dump({"off": abs(value - 0.5)}, file)


{"prepare": prepare, "train": train, "score": score}[sys.argv[1]](*sys.argv[2:])
