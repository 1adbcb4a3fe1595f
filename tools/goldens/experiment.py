"""Writes test/goldens/experiment.json: Student's t, paired t-tests, Holm's correction and crossed bootstraps.

Needs Debian's python3-numpy and python3-scipy (12: 1.24, 1.10):
    /usr/bin/python3 tools/goldens/experiment.py
"""

import json
import os

import numpy as np
from scipy import stats

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "experiment.json")
rng = np.random.default_rng(20261128)
RESAMPLES = 40_000


def paired(values):
    d = np.round(np.asarray(values, float), 6)
    result = stats.ttest_1samp(d, 0)
    interval = result.confidence_interval(0.95)
    return {
        "differences": d.tolist(),
        "p": float(result.pvalue),
        "low": float(interval.low),
        "high": float(interval.high),
        "deviation": float(np.std(d, ddof=1)),
    }


def holm(values):
    """By its definition: the i-th smallest p is compared with alpha / (m - i + 1), until one fails."""
    order = np.argsort(values, kind="stable")
    adjusted, most = np.zeros(len(values)), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, values[i] * (len(values) - rank)))
        adjusted[i] = most
    return {"p": list(values), "adjusted": adjusted.tolist()}


def crossed(name, pretrainings, seeds, subjects, spread, missing=0.0):
    """Every level drawn anew with replacement; a cell is the mean over its subjects that have a value."""
    effects = [rng.normal(0, s, n) for s, n in zip(spread, (pretrainings, seeds, subjects))]
    cells = 0.05 + effects[0][:, None, None] + effects[1][None, :, None] + effects[2][None, None, :]
    cells = np.round(cells + rng.normal(0, 0.02, cells.shape), 5)
    cells[rng.random(cells.shape) < missing] = np.nan
    means = []
    for _ in range(RESAMPLES):
        i, j, k = (rng.integers(0, n, n) for n in cells.shape)
        with np.errstate(invalid="ignore"):
            means.append(np.nanmean(np.nanmean(cells[np.ix_(i, j, k)], axis=2)))
    low, high = np.percentile(means, [2.5, 97.5])
    listed = [[[None if np.isnan(v) else float(v) for v in row] for row in plane] for plane in cells]
    mean = float(np.nanmean(np.nanmean(cells, axis=2)))
    return {"name": name, "cells": listed, "mean": mean, "low": float(low), "high": float(high)}


if __name__ == "__main__":
    tails = [[t, df, float(2 * stats.t.sf(t, df))] for t in (0, 0.3, 1, 2.5, 8, 40) for df in (1, 2, 4, 9, 30, 200)]
    quantiles = [[q, df, float(stats.t.ppf((1 + q) / 2, df))] for q in (0.5, 0.95, 0.99) for df in (1, 2, 4, 9, 30, 200)]
    values = {
        "tails": tails,
        "quantiles": quantiles,
        "paired": [paired(rng.normal(m, s, n)) for m, s, n in ((0.05, 0.03, 3), (0.05, 0.05, 5), (0, 1, 2), (3, 1, 40))],
        "holm": [holm(v) for v in ([0.01, 0.04, 0.03, 0.005], [0.2], [0.04, 0.04, 0.04], [0.5, 0.9, 0.001, 0.02])],
        "crossed": [
            crossed("one pretraining", 1, 5, 12, (0, 0.05, 0.05)),
            crossed("three pretrainings", 3, 5, 12, (0.04, 0.03, 0.02)),
            crossed("missing values", 2, 4, 10, (0.02, 0.03, 0.05), 0.2),
        ],
    }
    with open(OUT, "w") as f:
        json.dump(values, f, separators=(",", ":"))
        f.write("\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
