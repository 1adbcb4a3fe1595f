"""Writes test/goldens/classification.json: cases of several classes, with their AUC, standard error and calibration.

AUC by scipy's Mann-Whitney U; its standard error by counting pairs one by one: for two classes DeLong's formula, for
more the jackknife over cases within each class, and a bootstrap that keeps the classes' sizes. Calibration by numpy.

Needs Debian's python3-numpy and python3-scipy (12: 1.24, 1.10):
    /usr/bin/python3 tools/goldens/classification.py
"""

import json
import os

import numpy as np
from scipy import special, stats

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "classification.json")
rng = np.random.default_rng(20240916)
RESAMPLES = 4000


def auc(own, rest):
    return stats.mannwhitneyu(own, rest).statistic / (len(own) * len(rest))


def aucs(truth, scores):
    """Of each class against the rest; None where there is none."""
    known = [(truth == k).any() and (truth != k).any() for k in range(scores.shape[1])]
    return [float(auc(scores[truth == k, k], scores[truth != k, k])) if known[k] else None for k in range(len(known))]


def macro(truth, scores):
    return float(np.mean([value for value in aucs(truth, scores) if value is not None]))


def delong(own, rest):
    """Of two classes: S10 / m + S01 / n, from the kernel over all pairs."""
    pairs = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in rest] for a in own])
    return np.sqrt(pairs.mean(axis=1).var(ddof=1) / len(own) + pairs.mean(axis=0).var(ddof=1) / len(rest))


def jackknife(truth, scores):
    """Leaves out each case in turn: within each class, (n - 1) / n times the sum of squares about its mean."""
    left = np.array([macro(np.delete(truth, i), np.delete(scores, i, axis=0)) for i in range(len(truth))])
    parts = [left[truth == k] for k in np.unique(truth)]
    return np.sqrt(sum((len(p) - 1) / len(p) * ((p - p.mean()) ** 2).sum() for p in parts))


def bootstrap(truth, scores):
    """Standard deviation over draws of as many cases of each class."""
    places = [np.flatnonzero(truth == k) for k in np.unique(truth)]
    draws = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([rng.choice(own, len(own)) for own in places])
        draws.append(macro(truth[chosen], scores[chosen]))
    return float(np.std(draws))


def calibration(truth, probabilities, bins=10):
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    gaps = np.abs(
        np.bincount(place, weights=right, minlength=bins) - np.bincount(place, weights=confidence, minlength=bins)
    )
    return {"counts": counts.tolist(), "error": float(gaps.sum() / len(truth))}


def golden(name, truth, logits, digits=6):
    truth = np.asarray(truth)
    scores = np.round(special.softmax(np.asarray(logits, float), axis=1), digits)
    counts = np.bincount(truth, minlength=scores.shape[1])
    result = {"name": name, "truth": truth.tolist(), "scores": scores.tolist(), "byClass": aucs(truth, scores)}
    result["macro"] = macro(truth, scores)
    result["calibration"] = calibration(truth, scores)
    result["accuracy"] = float((scores.argmax(axis=1) == truth).mean())
    several = counts[counts > 0].min() > 1
    if several and scores.shape[1] == 2:
        result["delong"] = float(delong(scores[truth == 1, 1], scores[truth == 0, 1]))
    if several and counts[counts > 0].min() > 2:
        result["jackknife"] = float(jackknife(truth, scores))
        result["bootstrap"] = bootstrap(truth, scores)
    error = result.get("delong")
    if error and 0 < result["macro"] < 1:
        a, z = result["macro"], stats.norm.ppf(0.975)
        reach = z * error / (a * (1 - a))
        result["interval"] = special.expit(special.logit(a) + np.array([-reach, reach])).tolist()
    return result


def drawn(counts, signal):
    truth = np.repeat(np.arange(len(counts)), counts)
    logits = rng.normal(0, 1, (len(truth), len(counts)))
    logits[np.arange(len(truth)), truth] += signal
    return truth, logits


def goldens():
    yield golden("two classes", *drawn([12, 9], 1.0))
    yield golden("two classes, many ties", *drawn([20, 30], 0.8), digits=1)
    yield golden("two classes of which one is rare", *drawn([60, 4], 1.5))
    yield golden("two classes in perfect order", [0, 0, 1, 1, 1], [[3, 0], [2, 0], [0, 1], [0, 2], [0, 3]])
    yield golden("five classes", *drawn([30, 30, 30, 30, 30], 1.0))
    yield golden("five classes, uneven", *drawn([40, 12, 25, 8, 30], 1.3))
    yield golden("three classes at chance", *drawn([25, 25, 25], 0))
    yield golden("three classes, one without cases", *drawn([10, 0, 15], 1.0))
    yield golden("four classes, one with a single case", *drawn([10, 1, 15, 6], 1.0))
    yield golden("three classes, equal scores", [0, 1, 2, 0, 1, 2], np.zeros((6, 3)))


if __name__ == "__main__":
    with open(OUT, "w") as f:
        json.dump(list(goldens()), f, separators=(",", ":"))
        f.write("\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
