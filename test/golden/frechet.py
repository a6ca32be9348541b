"""Fréchet distances as pytorch-fid computes them: numpy's covariances, scipy's root of the product of both, which is not symmetric.

    python -m venv <folder> && <folder>/bin/pip install numpy==2.4.6 scipy==1.17.1
    <folder>/bin/python test/golden/frechet.py

It writes `frechet.json` beside itself (`npm run format` puts it in order). `rows` is a formula that test/metrics/frechet.test.ts has too. Where the covariances are
singular, pytorch-fid adds 1e-6 to their diagonals if the root is not finite; here the root is taken by eigenvalues instead.
"""

import json
from pathlib import Path

import numpy as np
from scipy import linalg

CASES = [
    {"name": "plain", "size": 6, "first": [200, 1, 0.0, 1.0], "second": [150, 2, 0.25, 0.5]},
    {"name": "wide", "size": 48, "first": [400, 3, 0.0, 0.125], "second": [400, 4, 0.0625, 0.125]},
    {"name": "one number", "size": 1, "first": [50, 5, 0.0, 1.0], "second": [60, 6, 1.0, 2.0]},
    {"name": "fewer images than numbers", "size": 24, "first": [10, 7, 0.0, 0.5], "second": [12, 8, 0.125, 0.5]},
]


def rows(count: int, size: int, seed: int, mean: float, scale: float) -> np.ndarray:
    """float32 [count, size]: a linear congruential generator, and each number mixed with the one before, so that they correlate."""
    state, found = seed, np.zeros((count, size), dtype=np.float32)
    for n in range(count):
        last = 0.0
        for k in range(size):
            state = (state * 48271) % 2147483647
            last = 0.5 * last + state / 2147483647 - 0.5
            found[n, k] = mean + scale * last * (1 + k % 3)
    return found


def distance(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    means = [x.astype(np.float64).mean(axis=0) for x in (a, b)]
    s1, s2 = [np.atleast_2d(np.cov(x.astype(np.float64), rowvar=False)) for x in (a, b)]
    if min(len(a), len(b)) > a.shape[1]:
        root = np.trace(linalg.sqrtm(s1 @ s2)).real
    else:
        values, vectors = np.linalg.eigh(s1)
        half = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
        root = np.sqrt(np.clip(np.linalg.eigvalsh(half @ s2 @ half), 0, None)).sum()
    of_means = float(((means[0] - means[1]) ** 2).sum())
    of_covariances = float(np.trace(s1) + np.trace(s2) - 2 * root)
    return {"distance": of_means + of_covariances, "ofMeans": of_means, "ofCovariances": of_covariances}


if __name__ == "__main__":
    found = []
    for case in CASES:
        count, seed, mean, scale = case["first"]
        a = rows(count, case["size"], seed, mean, scale)
        count, seed, mean, scale = case["second"]
        found.append({**case, **distance(a, rows(count, case["size"], seed, mean, scale))})
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")
