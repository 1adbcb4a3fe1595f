"""Golden cases of elements at other places: mirrored borders, pixels from channels, by index, the largest."""
import torch
import torch.nn.functional as F

from common import as_input, case, nchw, nhwc

NAN, INF = float("nan"), float("inf")


def reflect(draw):
    """All sides of images: top, bottom, left, right."""
    for shape, sides in (([2, 5, 7, 3], [1, 2, 3, 0]), ([1, 3, 4, 8], [2, 2, 3, 3]), ([1, 2, 2, 1], [1, 1, 1, 1])):
        top, bottom, left, right = sides
        padded = lambda x: nhwc(F.pad(nchw(x), (left, right, top, bottom), mode="reflect"))
        yield case(draw, "padReflect", {"sides": sides}, {"x": draw.normal(*shape)}, padded)


def shuffle(draw):
    for shape, factor in (([2, 3, 5, 12], 2), ([1, 2, 1, 9], 3), ([1, 1, 2, 16], 4)):
        shuffled = lambda x: nhwc(F.pixel_shuffle(nchw(x), factor))
        yield case(draw, "pixelShuffle", {"factor": factor}, {"x": draw.normal(*shape)}, shuffled)
    for shape, factor in (([2, 4, 6, 3], 2), ([1, 3, 6, 1], 3)):
        unshuffled = lambda x: nhwc(F.pixel_unshuffle(nchw(x), factor))
        yield case(draw, "pixelUnshuffle", {"factor": factor}, {"x": draw.normal(*shape)}, unshuffled)


def indexed(draw):
    for shape, axis, places in (([5, 3], 0, 7), ([2, 6, 4], 1, 3), ([2, 3, 5], 2, 9), ([4], 0, 1)):
        x = draw.normal(*shape)
        taken = [*shape[:axis], places, *shape[axis + 1 :]]
        each, few = draw.integers(0, shape[axis], *taken), draw.integers(0, shape[axis], places)
        attrs = {"axis": axis}
        yield case(draw, "gather", attrs, {"x": x, "indices": each}, lambda x, indices: x.gather(axis, indices))
        yield case(draw, "indexSelect", attrs, {"x": x, "indices": few}, lambda x, indices: x.index_select(axis, indices))
        inputs = {"x": x, "indices": each, "source": draw.normal(*taken)}
        added = lambda x, indices, source: x.scatter_add(axis, indices, source)
        yield case(draw, "scatterAdd", attrs, inputs, added)
        added = lambda x, indices, source: x.index_add(axis, indices, source)
        yield case(draw, "indexAdd", attrs, {**inputs, "indices": few}, added)
    for rows, width, of in ((7, 4, [2, 3]), (5, 3, [6]), (9, 1, [])):
        inputs = {"table": draw.normal(rows, width), "indices": draw.integers(0, rows, *of)}
        yield case(draw, "embedding", {}, inputs, lambda table, indices: F.embedding(indices, table))


def largest(draw):
    """No two elements are equal: torch does not say which of them comes first."""
    for shape, axis, k in (([3, 9], 1, 4), ([7, 5], 0, 7), ([2, 6, 3], 1, 1), ([1], 0, 1)):
        for flag in (True, False):
            x = draw.distinct(*shape)
            attrs = {"axis": axis, "k": k, "largest": flag}
            places = {"indices": x.topk(k, axis, flag).indices}
            yield case(draw, "topK", attrs, {"x": x}, lambda x: x.topk(k, axis, flag).values, extra=places)
    x = as_input([1.5, NAN, -INF, 3, INF, -2])
    for flag in (True, False):
        attrs = {"axis": 0, "k": 6, "largest": flag}
        places = {"indices": x.topk(6, 0, flag).indices}
        yield case(draw, "topK", attrs, {"x": x}, lambda x: x.topk(6, 0, flag).values, extra=places)


FAMILIES = {"places": [reflect, shuffle, indexed, largest]}
