"""Writes test/goldens/measures.json: masks, and their overlap and surface distances by scipy with medpy's definitions.

Needs Debian's python3-numpy and python3-scipy (12: 1.24, 1.10):
    /usr/bin/python3 tools/goldens/measures.py
"""

import base64
import json
import os

import numpy as np
from scipy import ndimage

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "measures.json")
rng = np.random.default_rng(20240914)
CARDIAC = [10.0, 1.5625, 1.5625]


def surface_distances(of, to, spacing):
    """From each surface voxel of one mask to the other's surface, mm."""
    cross = ndimage.generate_binary_structure(3, 1)
    of_border = of ^ ndimage.binary_erosion(of, structure=cross, iterations=1)
    to_border = to ^ ndimage.binary_erosion(to, structure=cross, iterations=1)
    return ndimage.distance_transform_edt(~to_border, sampling=spacing)[of_border]


def measures(p, t, spacing):
    total = int(p.sum() + t.sum())
    ml = np.prod(spacing) / 1000
    values = {
        "dice": 2 * int((p & t).sum()) / total if total else None,
        "hausdorffMm": None,
        "hausdorff95Mm": None,
        "surfaceMm": None,
        "predictedMl": float(p.sum() * ml),
        "truthMl": float(t.sum() * ml),
    }
    if p.any() and t.any():
        there, back = surface_distances(p, t, spacing), surface_distances(t, p, spacing)
        values["hausdorffMm"] = float(max(there.max(), back.max()))
        values["hausdorff95Mm"] = float(np.percentile(np.hstack((there, back)), 95))
        values["surfaceMm"] = float(np.mean((there.mean(), back.mean())))
    return values


def golden(name, p, t, spacing=(1.0, 1.0, 1.0)):
    """A mask is the base64 of its bits, columns fastest, first voxel in the highest bit."""
    packed = [base64.b64encode(np.packbits(m.ravel()).tobytes()).decode() for m in (p, t)]
    return {
        "name": name,
        "shape": list(p.shape),
        "spacingMm": list(spacing),
        "predicted": packed[0],
        "truth": packed[1],
        **measures(p, t, np.array(spacing)),
    }


def empty(*shape):
    return np.zeros(shape, bool)


def full(*shape):
    return np.ones(shape, bool)


def box(shape, low, high):
    mask = empty(*shape)
    mask[tuple(slice(a, b) for a, b in zip(low, high))] = True
    return mask


def noise(shape, share):
    return rng.random(shape) < share


def blobs(shape, share, sigma):
    field = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    return field > np.quantile(field, 1 - share)


def ring(shape, centre, inner, outer):
    z, y, x = np.indices(shape)
    radius = np.hypot(y - centre[0], x - centre[1])
    return (radius >= inner) & (radius < outer) & (z > 0) & (z < shape[0] - 1)


def goldens():
    shape = (5, 11, 13)
    yield golden("both empty", empty(*shape), empty(*shape))
    yield golden("nothing predicted", empty(*shape), box(shape, (1, 2, 3), (3, 5, 7)), CARDIAC)
    yield golden("nothing there", box(shape, (1, 2, 3), (3, 5, 7)), empty(*shape), CARDIAC)
    yield golden("both full", full(*shape), full(*shape), CARDIAC)
    yield golden("full against one voxel", full(*shape), box(shape, (2, 5, 6), (3, 6, 7)), CARDIAC)
    yield golden("one voxel in opposite corners", box(shape, (0, 0, 0), (1, 1, 1)), box(shape, (4, 10, 12), (5, 11, 13)))
    yield golden("the same voxel", box(shape, (2, 2, 2), (3, 3, 3)), box(shape, (2, 2, 2), (3, 3, 3)), CARDIAC)
    yield golden("boxes that touch the borders", box(shape, (0, 0, 0), (3, 6, 13)), box(shape, (2, 3, 0), (5, 11, 9)))
    yield golden("a box within a box", box(shape, (0, 0, 0), (5, 11, 13)), box(shape, (1, 2, 2), (4, 9, 11)), (3, 2, 1))
    two = box((6, 16, 18), (1, 1, 1), (4, 5, 5)) | box((6, 16, 18), (2, 10, 12), (5, 15, 16))
    yield golden("two blobs against one of them", two, box((6, 16, 18), (1, 1, 1), (4, 5, 5)), CARDIAC)
    yield golden("two blobs, moved", two, np.roll(two, (1, -1, 1), (0, 1, 2)), (0.7, 2.5, 1.1))
    rings = (8, 24, 26)
    yield golden("rings", ring(rings, (12, 13), 4, 8), ring(rings, (10.5, 14), 5, 9.5), CARDIAC)
    for one in [(1, 1, 1), (1, 1, 9), (1, 9, 1), (9, 1, 1), (1, 12, 10), (7, 1, 10), (7, 12, 1), (2, 2, 2)]:
        name = "x".join(map(str, one))
        yield golden(f"shape {name}, full and half", full(*one), noise(one, 0.5) | box(one, (0, 0, 0), (1, 1, 1)), CARDIAC)
        yield golden(f"shape {name}, noise", noise(one, 0.3), noise(one, 0.6), (0.3, 4.0, 1.7))
    for i, share in enumerate([0.002, 0.02, 0.1, 0.5, 0.9, 0.99]):
        spacing = [round(float(s), 3) for s in rng.uniform(0.2, 12, 3)]
        yield golden(f"noise, {share}", noise((7, 15, 17), share), noise((7, 15, 17), 0.05), spacing)
    for i in range(8):
        size = tuple(int(n) for n in rng.integers([2, 12, 12], [13, 33, 33]))
        spacing = [round(float(s), 4) for s in rng.uniform(0.3, 11, 3)] if i % 2 else CARDIAC
        sigma = rng.uniform(0.5, 3, 3)
        yield golden(f"blobs {i}", blobs(size, rng.uniform(0.02, 0.4), sigma), blobs(size, rng.uniform(0.02, 0.4), sigma), spacing)


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in goldens())
    with open(OUT, "w") as f:
        f.write("[\n" + lines + "\n]\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
