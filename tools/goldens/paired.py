"""Writes test/goldens/paired.json: paired differences, with scipy's signed-rank test and bootstrap interval of each.

Needs Debian's python3-numpy and python3-scipy (12: 1.24, 1.10):
    /usr/bin/python3 tools/goldens/paired.py
"""

import itertools
import json
import os

import numpy as np
from scipy import stats

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "paired.json")
rng = np.random.default_rng(20240915)
RESAMPLES = 100_000


def enumerated(d):
    """Exact two-sided p with mean ranks for equal sizes: every choice of signs is as likely. scipy has none for ties."""
    ranks = stats.rankdata(abs(d))
    w = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(d))])
    return min(1.0, 2 * np.mean(sums <= w + 1e-9))


def signed_rank(d):
    kept = d[d != 0]
    if len(kept) == 0:
        return None, 0.0
    result = stats.wilcoxon(kept, mode="approx" if len(kept) > 200 else "exact")
    tied = len(np.unique(abs(kept))) < len(kept)
    p = enumerated(kept) if tied and len(kept) <= 200 else result.pvalue
    return float(p), float(result.statistic)


def interval(d):
    if len(d) < 2 or len(np.unique(d)) < 2:
        return None
    result = stats.bootstrap((d,), np.mean, n_resamples=RESAMPLES, random_state=1, batch=1000)
    return [float(end) for end in result.confidence_interval]


def golden(name, differences):
    d = np.round(np.asarray(differences, float), 6)
    p, statistic = signed_rank(d)
    return {"name": name, "differences": d.tolist(), "p": p, "statistic": statistic, "interval": interval(d)}


def goldens():
    yield golden("one pair", [0.5])
    yield golden("two pairs that agree in sign", [0.5, 1.5])
    yield golden("no pair differs", [0, 0, 0])
    yield golden("five pairs, all above", [1, 2.5, 3, 0.5, 4])
    yield golden("a sum in the middle", [1, -2, -3, 4])
    yield golden("ties", [1, 1, -1, 2, 2, 2, -3, 4, 4, 5])
    yield golden("ties and zeros", [0, 1, 1, 0, -1, 2, 3, -3, 3, 0, 7])
    for count in (8, 20, 50, 100, 200):
        yield golden(f"{count} normal", rng.normal(0.3, 1, count))
    for count in (10, 30):
        yield golden(f"{count} skewed", rng.exponential(1, count) ** 2 - 0.5)
    yield golden("300 normal", rng.normal(0.1, 1, 300))
    yield golden("300 with ties", np.round(rng.normal(0.2, 2, 300)))


if __name__ == "__main__":
    z = [-9, -3, -2.5, -1, -1e-3, 0, 1e-9, 0.5, 1.96, 2.4999, 2.5, 3, 5, 10, 20, 37]
    p = [1e-300, 1e-20, 1e-5, 0.025, 0.2, 0.5, 0.7, 0.975, 0.99999]
    values = {
        "pairs": list(goldens()),
        "tails": [[v, float(stats.norm.sf(v))] for v in z],
        "quantiles": [[v, float(stats.norm.ppf(v))] for v in p],
    }
    with open(OUT, "w") as f:
        json.dump(values, f, separators=(",", ":"))
        f.write("\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
