"""Intervals and p values of `metrics/bootstrap`, computed a second time: NumPy on whole arrays, Holm's correction by statsmodels.

    python -m venv <folder> && <folder>/bin/pip install numpy==2.4.6 statsmodels==0.15.0
    <folder>/bin/python test/golden/bootstrap.py

It writes `bootstrap.json` beside itself (`npm run format` puts it in order). Random numbers are the same stream as ours (sfc32, seeded by SHA-256), so that results
must agree to the last digits; everything else is written from the description in docs/report.md. Scores are a formula that test/metrics/bootstrap-golden.test.ts has too.
"""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
from statsmodels.stats.multitest import multipletests

LEVEL = 0.95
CASES = [
    {"name": "several runs", "sets": {"a": [60, 30, 30], "b": [40, 40]}, "runs": [[11, 12], [21, 22, 23], [31]], "skill": [0.5, 0.3, 0.7], "resamples": 300, "seed": 3},
    {"name": "one run each", "sets": {"lfw": [50, 50, 50, 50]}, "runs": [[5], [6]], "skill": [0.7, 0.5], "resamples": 400, "seed": 1},
    {"name": "folds of one kind", "sets": {"lfw": [80, 80, 80]}, "runs": [[7, 8], [9, 10], [13, 14], [15, 16]], "skill": [0.4, 0.45, 0.5, 0.9], "resamples": 300, "seed": 2, "byFold": True},
]


def lcg(seed: int):
    state = seed * 7919 + 12345
    while True:
        state = (state * 48271) % 2147483647
        yield state / 2147483647


def scores(sizes: list[int], run: int, skill: float, by_fold: bool):
    """Distances in sixty-fourths; the same pairs are nearer by the skill, in the second fold (`by_fold`) by nothing."""
    draw = lcg(run)
    distance, same, fold = [], [], []
    for f, size in enumerate(sizes):
        for i in range(size):
            near = i % 2
            gain = 0.0 if by_fold and f == 1 else skill
            distance.append(math.floor(64 * (0.5 + 2 * next(draw) + (0 if near else gain))) / 64)
            same.append(near)
            fold.append(f)
    return np.array(distance, dtype=np.float32), np.array(same), np.array(fold)


def judged(distance, same, fold):
    """InsightFace's protocol: each fold by the first threshold that is best on the others."""
    thresholds = np.arange(400) * 0.01
    right = (distance[None, :].astype(np.float64) < thresholds[:, None]) == (same[None, :] == 1)
    result = np.zeros(len(same))
    for f in np.unique(fold):
        best = np.argmax(right[:, fold != f].sum(axis=1))
        result[fold == f] = right[best, fold == f]
    return result


def sfc32(seed: int, *tags):
    text = json.dumps([seed, *tags], separators=(",", ":"), ensure_ascii=False)
    hexed = hashlib.sha256(text.encode()).hexdigest()
    a, b = [(int(hexed[i : i + 8], 16) & 0x7FFFFFFF) or 1 for i in (0, 8)]
    c, counter, mask = 0x9E3779B9, 1, 0xFFFFFFFF

    def step():
        nonlocal a, b, c, counter
        t = (a + b + counter) & mask
        counter = (counter + 1) & mask
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & mask
        c = ((c << 21) | (c >> 11)) & mask
        c = (c + t) & mask
        return t / 4294967296

    for _ in range(12):
        step()
    return step


def normals(uniform):
    while True:
        radius = math.sqrt(-2 * math.log(1 - uniform()))
        angle = 2 * math.pi * uniform()
        yield radius * math.cos(angle)
        yield radius * math.sin(angle)


def compute(case):
    names = sorted(case["sets"])
    by_fold = case.get("byFold", False)
    runs = case["runs"]
    # right[s][i][r]: the pairs of set s that run r of recognizer i judges rightly.
    right, folds = [], []
    for s, name in enumerate(names):
        sizes = case["sets"][name]
        all_scores = [[scores(sizes, run + 100 * s, skill, by_fold) for run in own] for own, skill in zip(runs, case["skill"])]
        right.append([np.array([judged(*each) for each in own]) for own in all_scores])
        folds.append(all_scores[0][0][2])
    fold_means = [[np.array([own[:, folds[s] == f].mean() for f in np.unique(folds[s])]) for own in right[s]] for s in range(len(names))]
    accuracy = [
        [np.mean([np.mean([right[s][i][r][folds[s] == f].mean() for f in np.unique(folds[s])]) for s in range(len(names))]) for r in range(len(own))]
        for i, own in enumerate(runs)
    ]
    means = np.array([np.mean(each) for each in accuracy])
    count = len(runs)
    degrees = sum(len(own) - 1 for own in runs)
    std = math.sqrt(sum(((np.array(each) - np.mean(each)) ** 2).sum() for each in accuracy) / degrees) if degrees else 0.0

    resamples = case["resamples"]
    over_pairs = np.zeros((count, resamples))
    uniform = sfc32(case["seed"], "paired bootstrap")
    for k in range(resamples):
        for s in range(len(names)):
            size = len(folds[s])
            chosen = np.array([math.floor(uniform() * size) for _ in range(size)])
            f_sizes = np.bincount(folds[s])
            weight = size / len(f_sizes) / f_sizes[folds[s][chosen]]
            for i in range(count):
                over_pairs[i, k] += (right[s][i].mean(axis=0)[chosen] * weight).mean() / len(names)
    over_pairs -= means[:, None]

    pairs_of = [(i, j) for i in range(count) for j in range(i)]
    over_folds = sum((fold_means[s][i] - fold_means[s][j]).var(ddof=1) / len(fold_means[s][i]) / len(names) ** 2 for i, j in pairs_of for s in range(len(names)))
    effect = over_folds / sum(((over_pairs[i] - over_pairs[j]) ** 2).mean() for i, j in pairs_of)
    over_pairs *= math.sqrt(max(1.0, effect))

    noise = np.zeros((count, resamples))
    if degrees:
        normal = normals(sfc32(case["seed"], "trainings"))
        for k in range(resamples):
            chi = sum(next(normal) ** 2 for _ in range(degrees))
            for i in range(count):
                noise[i, k] = std * math.sqrt(degrees / chi) * next(normal) / math.sqrt(len(runs[i]))
    drawn = over_pairs + noise

    def error(i, j):
        return math.sqrt(((over_pairs[i] - over_pairs[j]) ** 2).mean() + std**2 * (1 / len(runs[i]) + 1 / len(runs[j])))

    largest = np.max([np.abs(drawn[i] - drawn[j]) / error(i, j) for i, j in pairs_of], axis=0)
    reach = np.quantile(largest, LEVEL)
    tails = [(1 - LEVEL) / 2, 1 - (1 - LEVEL) / 2]
    contrasts = []
    for i, j in pairs_of:
        difference = means[i] - means[j]
        deviations = drawn[i] - drawn[j]
        low, high = difference + np.quantile(deviations, tails)
        p = (1 + (np.abs(deviations) >= abs(difference) - 1e-12).sum()) / (resamples + 1)
        half = reach * error(i, j)
        contrasts.append({"first": i, "second": j, "difference": difference, "alone": [low, high], "together": [difference - half, difference + half], "p": p})
    corrected = multipletests([each["p"] for each in contrasts], method="holm")[1]
    for contrast, p in zip(contrasts, corrected):
        contrast["holm"] = p
    return {
        **case,
        "designEffect": effect,
        "std": std,
        "estimates": [[m, *(m + np.quantile(drawn[i], tails))] for i, m in enumerate(means)],
        "contrasts": contrasts,
    }


if __name__ == "__main__":
    found = [compute(case) for case in CASES]
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2, default=float) + "\n")
