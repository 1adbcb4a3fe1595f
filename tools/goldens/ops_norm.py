"""Golden cases of layer, group, instance and root-mean-square norm, and of vectors brought to norm 1."""
import math

import torch
import torch.nn.functional as F

from common import as_input, case

# image, leading axis of those that are normalised
LAYERS = [([1, 1], 1), ([3, 1], 1), ([5, 7], 1), ([2, 3, 8], 2), ([2, 3, 5, 7], 3), ([2, 3, 5, 4], 1), ([4, 3, 5], 0)]
IMAGES = [[2, 5, 7, 6], [1, 3, 3, 12], [3, 4, 16], [2, 2, 3, 2, 8], [1, 1, 3, 4], [2, 33, 1, 5]]
GROUPS = {6: [1, 2, 3, 6], 12: [3, 4], 16: [1, 4, 8], 8: [2], 4: [1, 4], 5: [1, 5]}
# vectors along an axis, of several elements: the gradient of one is a small difference of large terms
VECTORS = [([2], 0), ([4, 3], 1), ([3, 8], 1), ([2, 3, 5], 2), ([2, 6, 4], 1), ([5, 3], 0), ([2, 3, 2, 3], 2)]


def spread(draw, *shape):
    """Values whose last axis keeps different means and scales."""
    return as_input(draw.normal(*shape) * draw.uniform(0.3, 3, shape[-1]) + draw.normal(shape[-1], scale=4))


def channels_first(x):
    return x.movedim(-1, 1)


def channels_last(x):
    """Element by element: a transposed gradient would have torch 1.13 give instance norm's of a wrong order."""
    places = torch.arange(x.numel()).reshape(x.shape).movedim(1, -1)
    return x.reshape(-1)[places.reshape(-1)].reshape(places.shape)


def affine(draw, *shape):
    return {"weight": draw.normal(*shape, shift=1), "bias": draw.normal(*shape)}


def layer_norm(draw):
    for shape, first in LAYERS:
        axes, rest = list(range(first, len(shape))), shape[first:]
        attrs = {"axes": axes, "epsilon": 1e-5}
        x = spread(draw, *shape)
        yield case(draw, "layerNorm", attrs, {"x": x, **affine(draw, *rest)}, lambda x, weight, bias: F.layer_norm(x, rest, weight, bias))
        yield case(draw, "layerNorm", attrs, {"x": x}, lambda x: F.layer_norm(x, rest))


def rms_norm(draw):
    """Of several elements: the gradient of one is a small difference of large terms."""
    for shape, first in LAYERS[2:]:
        axes = list(range(first, len(shape)))

        def compute(x, weight):
            return x * torch.rsqrt(x.square().mean(axes, keepdim=True) + 1e-5) * weight

        inputs = {"x": spread(draw, *shape), "weight": draw.normal(*shape[first:], shift=1)}
        yield case(draw, "rmsNorm", {"axes": axes, "epsilon": 1e-5}, inputs, compute)


def group_norm(draw):
    for image in IMAGES:
        for groups in GROUPS[image[-1]]:
            attrs = {"groups": groups, "epsilon": 1e-5}
            yield case(
                draw, "groupNorm", attrs, {"x": spread(draw, *image), **affine(draw, image[-1])},
                lambda x, weight, bias: channels_last(F.group_norm(channels_first(x), groups, weight, bias)),
            )


def instance_norm(draw):
    for image in IMAGES:
        x = spread(draw, *image)
        yield case(
            draw, "instanceNorm", {"epsilon": 1e-5}, {"x": x, **affine(draw, image[-1])},
            lambda x, weight, bias: channels_last(F.instance_norm(channels_first(x), weight=weight, bias=bias)),
        )
        yield case(
            draw, "instanceNorm", {"epsilon": 1e-3}, {"x": x},
            lambda x: channels_last(F.instance_norm(channels_first(x), eps=1e-3)),
        )


def normalize(draw):
    """Among the vectors one of zeros, one shorter than epsilon and one whose largest magnitude is there twice.

    p is 0 for infinity, which JSON has not.
    """
    for shape, axis in VECTORS:
        for p in (1.0, 2.0, math.inf):
            x = draw.normal(*shape)
            vectors = x.movedim(axis, -1).reshape(-1, shape[axis])
            if len(vectors) > 3:
                vectors[1] = 0
                vectors[2] *= 1e-3
                if shape[axis] > 1:
                    vectors[3, 0] = -3
                    vectors[3, 1] = 3
            x = as_input(vectors.reshape([*shape[:axis], *shape[axis + 1 :], shape[axis]]).movedim(-1, axis))
            attrs = {"p": 0 if p == math.inf else p, "axis": axis, "epsilon": 0.01}
            yield case(draw, "normalize", attrs, {"x": x}, lambda x: F.normalize(x, p, axis, 0.01))


FAMILIES = {"layerNorm": [layer_norm, rms_norm], "groupNorm": [group_norm, instance_norm], "normalize": [normalize]}
