"""Golden cases of volumes [N, D, H, W, C]: convolutions, pooling, resizing, norms."""
import torch
import torch.nn.functional as F

from common import case

# volume, channels out, kernel, stride, padding (or "same"), dilation, bias
CONV = [
    ([1, 3, 4, 5, 2], 3, [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], True),
    ([2, 3, 5, 4, 4], 4, [1, 3, 3], [1, 1, 1], [0, 1, 1], [1, 1, 1], True),
    ([1, 5, 4, 3, 4], 8, [3, 1, 1], [2, 1, 1], [1, 0, 0], [1, 1, 1], False),
    ([1, 5, 6, 4, 3], 4, [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], True),
    ([1, 4, 5, 5, 1], 4, [3, 3, 3], [1, 2, 2], [1, 1, 1], [1, 1, 1], True),
    ([2, 2, 3, 3, 5], 2, [1, 1, 1], [1, 1, 1], [0, 0, 0], [1, 1, 1], True),
    ([1, 4, 3, 3, 2], 2, [1, 1, 1], [2, 2, 2], [0, 0, 0], [1, 1, 1], False),
    ([1, 6, 4, 4, 2], 2, [2, 3, 2], [1, 1, 1], "same", [2, 1, 1], True),
    ([1, 1, 1, 1, 4], 4, [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], True),
    ([1, 3, 4, 3, 2], 2, [2, 2, 2], [3, 2, 1], [1, 0, 1], [1, 2, 1], False),
]

# volume, channels out, kernel, stride, padding, outputPadding, dilation, bias
TRANSPOSE = [
    ([1, 2, 3, 2, 4], 4, [2, 2, 2], [2, 2, 2], [0, 0, 0], [0, 0, 0], [1, 1, 1], True),
    ([2, 2, 3, 3, 3], 2, [1, 2, 2], [1, 2, 2], [0, 0, 0], [0, 0, 0], [1, 1, 1], True),
    ([1, 3, 2, 3, 2], 3, [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], [1, 1, 1], True),
    ([1, 3, 3, 2, 4], 2, [3, 3, 3], [1, 1, 1], [1, 1, 1], [0, 0, 0], [1, 1, 1], False),
    ([1, 2, 3, 2, 2], 4, [2, 1, 3], [3, 1, 2], [0, 0, 1], [2, 0, 1], [2, 1, 1], True),
]


def first(x):
    """Channels first."""
    return x.movedim(-1, 1)


def last(y):
    return y.movedim(1, -1)


def kernel(weight):
    """[depth, height, width, first, second] to torch's [second, first, depth, height, width], both ways of convolving."""
    return weight.permute(4, 3, 0, 1, 2)


def convolutions(draw):
    for shape, out, size, stride, padding, dilation, bias in CONV:
        inputs = {"x": draw.normal(*shape), "weight": draw.normal(*size, shape[4], out, scale=0.3)}
        inputs = {**inputs, "bias": draw.normal(out)} if bias else inputs
        attrs = {"stride": stride, "dilation": dilation, "same": padding == "same"}
        attrs = attrs if padding == "same" else {**attrs, "padding": padding}

        def compute(x, weight, bias=None):
            return last(F.conv3d(first(x), kernel(weight), bias, stride, padding, dilation))

        yield case(draw, "conv3d", attrs, inputs, compute)
    for shape, out, size, stride, padding, added, dilation, bias in TRANSPOSE:
        inputs = {"x": draw.normal(*shape), "weight": draw.normal(*size, out, shape[4], scale=0.3)}
        inputs = {**inputs, "bias": draw.normal(out)} if bias else inputs
        attrs = {"stride": stride, "padding": padding, "outputPadding": added, "dilation": dilation}

        def compute(x, weight, bias=None):
            w = kernel(weight)
            return last(F.conv_transpose3d(first(x), w, bias, stride, padding, added, 1, dilation))

        yield case(draw, "conv3dTranspose", attrs, inputs, compute)


def pooling(draw):
    for shape, size, stride, padding in (
        ([1, 4, 6, 4, 3], [2, 2, 2], [2, 2, 2], [0, 0, 0]),
        ([2, 3, 5, 4, 4], [1, 2, 2], [1, 2, 2], [0, 0, 0]),
        ([1, 5, 4, 5, 2], [3, 3, 3], [2, 1, 2], [1, 1, 1]),
        ([1, 5, 3, 2, 4], [3, 1, 1], [1, 1, 1], [1, 0, 0]),
    ):
        attrs = {"kernel": size, "stride": stride, "padding": padding}
        pooled = lambda x: last(F.max_pool3d(first(x), size, stride, padding))
        yield case(draw, "maxPool3d", attrs, {"x": draw.distinct(*shape)}, pooled)
        for inside in (True, False):
            pooled = lambda x: last(F.avg_pool3d(first(x), size, stride, padding, False, inside))
            yield case(draw, "avgPool3d", {**attrs, "countIncludePad": inside}, {"x": draw.normal(*shape)}, pooled)


def resizing(draw):
    for shape, target in (
        ([1, 2, 3, 2, 3], {"scale": [2, 2, 2]}),
        ([2, 3, 2, 2, 4], {"scale": [1, 2, 2]}),
        ([1, 2, 3, 4, 2], {"size": [5, 4, 7]}),
        ([1, 1, 1, 1, 1], {"size": [2, 3, 1]}),
    ):
        given = {name if name == "size" else "scale_factor": value for name, value in target.items()}
        nearest = lambda x: last(F.interpolate(first(x), mode="nearest", **given))
        yield case(draw, "upsampleNearest3d", target, {"x": draw.normal(*shape)}, nearest)
        for corners in (False, True):
            linear = lambda x: last(F.interpolate(first(x), mode="trilinear", align_corners=corners, **given))
            attrs = {**target, "alignCorners": corners}
            yield case(draw, "upsampleTrilinear3d", attrs, {"x": draw.normal(*shape)}, linear)


def norms(draw):
    for shape in ([2, 2, 3, 2, 4], [1, 3, 2, 2, 3]):
        channels = shape[-1]
        inputs = {"x": draw.normal(*shape), "weight": draw.normal(channels), "bias": draw.normal(channels)}
        batch = lambda x, weight, bias: last(F.batch_norm(first(x), None, None, weight, bias, True))
        yield case(draw, "batchNorm", {}, inputs, batch)
        instance = lambda x, weight, bias: last(F.instance_norm(first(x), None, None, weight, bias))
        yield case(draw, "instanceNorm", {}, inputs, instance)
        groups = 2 if channels % 2 == 0 else 1
        group = lambda x, weight, bias: last(F.group_norm(first(x), groups, weight, bias))
        yield case(draw, "groupNorm", {"groups": groups}, inputs, group)


FAMILIES = {"volume": [convolutions, pooling, resizing, norms]}
