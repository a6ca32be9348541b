"""t-SNE as scikit-learn computes it (method "exact"), and its conditional probabilities by scipy's root finder.

    python -m venv <folder> && <folder>/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    <folder>/bin/python test/golden/tsne.py

It writes `tsne.json` beside itself (`npm run format` puts it in order). `rows` is a formula that test/metrics/tsne.test.ts has too. `descent` holds six steps with early exaggeration,
from the principal components; later steps amplify the last digits, so that of a whole run the divergence
alone is compared, with the lowest and highest of 20 random starts.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import TSNE
from sklearn.manifold import _t_sne as internals

CASES = [
    {"name": "three clusters", "size": 8, "groups": [[25, 1, 0.0], [20, 2, 0.6], [15, 3, -0.9]], "perplexity": 10},
    {"name": "one cloud", "size": 5, "groups": [[40, 4, 0.0]], "perplexity": 12},
    {"name": "few points, far apart", "size": 3, "groups": [[4, 5, 0.0], [4, 6, 100.0]], "perplexity": 2.5},
]


def rows(groups: list[list[float]], size: int) -> np.ndarray:
    """float32 [N, D]: of each group a linear congruential generator about a mean."""
    found = []
    for count, seed, mean in groups:
        state = seed
        for _ in range(count):
            row = []
            for k in range(size):
                state = (state * 48271) % 2147483647
                row.append(mean * (1 + k % 2) + state / 2147483647 - 0.5)
            found.append(row)
    return np.array(found, dtype=np.float32)


def joint(x: np.ndarray, perplexity: float) -> np.ndarray:
    """Eqs. 1 and 2 of van der Maaten & Hinton (2008): 2 to the entropy in bits, by the precision of each point."""
    distances = squareform(pdist(x.astype(np.float64), "sqeuclidean"))
    conditional = np.zeros_like(distances)
    for i, row in enumerate(distances):
        others = np.delete(row, i)

        def probabilities(beta: float) -> np.ndarray:
            weights = np.exp(-beta * (others - others.min()))
            return weights / weights.sum()

        def excess(log_beta: float) -> float:
            p = probabilities(np.exp(log_beta))
            p = p[p > 0]
            return 2.0 ** -(p * np.log2(p)).sum() - perplexity

        p = probabilities(np.exp(brentq(excess, -30, 30, xtol=1e-14)))
        conditional[i] = np.insert(p, i, 0)
    return (conditional + conditional.T) / (2 * len(x))


def digits(values: np.ndarray) -> list[float]:
    """Twelve significant digits are more than the comparisons need."""
    return [float(f"{value:.12g}") for value in values]


def measure(case: dict) -> dict:
    x, perplexity = rows(case["groups"], case["size"]), case["perplexity"]
    p = joint(x, perplexity)
    condensed = squareform(p)
    anywhere = rows([[len(x), 9, 0.0]], 2).astype(np.float64)
    kl, gradient = internals._kl_divergence(anywhere.ravel(), condensed, 1, len(x), 2)
    centered = x.astype(np.float64) - x.astype(np.float64).mean(axis=0)
    u, s, _ = np.linalg.svd(centered, full_matrices=False)
    components = u[:, :2] * s[:2]
    start = components / components[:, 0].std() * 1e-4
    moved, _, _ = internals._gradient_descent(
        internals._kl_divergence, start.ravel(), 0, 6, n_iter_check=1000, momentum=0.5, learning_rate=50.0,
        args=[condensed * 12, 1, len(x), 2],
    )
    finals = [
        float(TSNE(perplexity=perplexity, method="exact", init="random", learning_rate=10.0, random_state=seed).fit(x).kl_divergence_)
        for seed in range(20)
    ]
    return {
        **case,
        # Of the pairs (0, 1), (0, 2) … (1, 2) …
        "joint": digits(condensed),
        "kl": float(kl),
        "gradient": digits(gradient),
        "descent": digits(moved),
        "start": digits(start.ravel()),
        "finalKl": [min(finals), max(finals)],
    }


if __name__ == "__main__":
    found = [measure(case) for case in CASES]
    for case in found:
        print(case["name"], case["kl"], case["finalKl"])
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")
