"""Golden cases of minima, places of extremes, variance, softmax over any axis, pools by axis, nearest upsampling, stack."""
import torch
import torch.nn.functional as F

from common import as_input, case, nchw, nhwc

NAN, INF = float("nan"), float("inf")

# shape, axes, keepDims
REDUCE = [
    ([1], [0], False),
    ([2, 3, 5, 7], [0, 1, 2, 3], False),
    ([2, 3, 5, 7], [1, 2], True),
    ([3, 5, 2], [-2], False),
    ([2, 16, 16, 4], [0, 1, 2], False),
]
PLACES = [([7], 0), ([3, 5, 2], 1), ([2, 3, 5, 7], 3), ([2, 3, 5, 7], -4), ([4, 1, 3], 1)]
SOFTMAX = [([5], 0), ([3, 5], 0), ([2, 3, 5, 4], 1), ([2, 3, 5, 4], -2), ([2, 2, 2, 37], 3), ([4, 1], 1)]
# a row each; the last two leave no number
ROWS = [[0.5, -INF, 1.0], [-INF, -INF, 2.0], [NAN, 1.0, 2.0], [1.0, INF, 2.0], [-INF, -INF, -INF], [INF, -INF, NAN]]
# image, kernel, stride, padding
WINDOWS = [
    ([2, 5, 7, 3], [2, 3], [2, 1], [1, 0]),
    ([1, 6, 8, 4], [1, 4], [1, 3], [0, 2]),
    ([2, 7, 5, 5], [3, 2], [2, 2], [1, 1]),
    ([1, 9, 4, 8], [5, 1], [1, 2], [2, 0]),
]
NEAREST = [
    ([1, 1, 1, 1], [3, 2]),
    ([2, 3, 5, 3], [6, 10]),
    ([1, 5, 4, 4], [7, 9]),
    ([2, 6, 7, 5], [4, 3]),
    ([1, 3, 8, 8], [3, 24]),
]
SCALES = [([2, 3, 5, 3], 2.0), ([1, 5, 7, 4], 1.3), ([1, 4, 6, 2], 1.5), ([1, 9, 7, 1], 0.4)]


def minimum(draw):
    for shape, axes, keep in REDUCE:
        yield case(
            draw, "min", {"axes": axes, "keepDims": keep}, {"x": draw.distinct(*shape)},
            lambda x: torch.amin(x, dim=axes, keepdim=keep),
        )


def variance(draw):
    for correction in (0, 1):
        for shape, axes, keep in REDUCE[1:]:
            yield case(
                draw, "variance", {"axes": axes, "keepDims": keep, "correction": correction},
                {"x": draw.normal(*shape, shift=3.0)},
                lambda x: torch.var(x, dim=axes, correction=correction, keepdim=keep),
            )


def places(draw):
    """Also with NaNs: the first one is both extremes."""
    for op, function in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
        for shape, axis in PLACES:
            for holes in (False, True):
                x = draw.distinct(*shape)
                if holes:
                    x.view(-1)[1::3] = NAN
                yield case(draw, op, {"axis": axis}, {"x": x}, lambda x: function(x, dim=axis), [])


def softmax(draw):
    functions = {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}
    for op, function in functions.items():
        for shape, axis in SOFTMAX:
            x = draw.normal(*shape, scale=3)
            yield case(draw, op, {"axis": axis}, {"x": x}, lambda x: function(x, axis))
        yield case(draw, op, {"axis": 1}, {"x": as_input(ROWS)}, lambda x: function(x, 1))


def pools(draw):
    for image, kernel, stride, padding in WINDOWS:
        attrs = {"kernel": kernel, "stride": stride, "padding": padding}
        yield case(
            draw, "maxPool2d", attrs, {"x": draw.distinct(*image)},
            lambda x: nhwc(F.max_pool2d(nchw(x), kernel, stride, padding)),
        )
        for counts in (True, False):
            yield case(
                draw, "avgPool2d", {**attrs, "countIncludePad": counts}, {"x": draw.normal(*image)},
                lambda x: nhwc(F.avg_pool2d(nchw(x), kernel, stride, padding, count_include_pad=counts)),
            )


def nearest(draw):
    op = "upsampleNearest2d"
    for image, size in NEAREST:
        yield case(
            draw, op, {"size": size}, {"x": draw.normal(*image)},
            lambda x: nhwc(F.interpolate(nchw(x), size=size, mode="nearest")),
        )
    for image, scale in SCALES:
        yield case(
            draw, op, {"scale": scale}, {"x": draw.normal(*image)},
            lambda x: nhwc(F.interpolate(nchw(x), scale_factor=scale, mode="nearest")),
        )


def stack_and_split(draw):
    for axis in (0, 1, -1):
        inputs = {name: draw.normal(2, 3) for name in "abc"}
        yield case(draw, "stack", {"axis": axis}, inputs, lambda a, b, c: torch.stack([a, b, c], axis))
    for axis, sizes in [(0, [1, 3]), (1, [2, 0, 3]), (-1, [2, 1])]:
        # the middle of the whole: every part times its number
        yield case(
            draw, "split", {"axis": axis, "sizes": sizes}, {"x": draw.normal(4, 5, 3)},
            lambda x: torch.cat([part * i for i, part in enumerate(torch.split(x, sizes, axis))], axis),
        )


FAMILIES = {
    "extreme": [minimum, variance, places],
    "softmaxAxis": [softmax],
    "poolWindow": [pools],
    "nearest": [nearest],
    "stack": [stack_and_split],
}
