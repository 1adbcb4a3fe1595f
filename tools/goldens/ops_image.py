"""Golden cases of pooling, batch norm and bilinear upsampling."""
import torch
import torch.nn.functional as F

from common import case, nchw, nhwc

# image, kernel, stride, padding
MAX_POOL = [
    ([1, 2, 2, 1], 2, 2, 0),
    ([2, 5, 7, 3], 2, 2, 0),
    ([1, 6, 4, 5], 2, 2, 0),
    ([1, 7, 5, 3], 3, 2, 1),
    ([2, 6, 8, 2], 3, 2, 1),
    ([1, 1, 1, 3], 3, 2, 1),
    ([2, 8, 8, 16], 2, 2, 0),
]
AVERAGE_POOL = [([1, 2, 2, 1], 2, 2), ([2, 5, 7, 3], 2, 2), ([1, 7, 6, 5], 3, 2), ([1, 8, 8, 16], 2, 2)]
MAPS = [[1, 1, 1, 1], [2, 2, 2, 3], [3, 5, 7, 5], [2, 9, 8, 16]]
UPSAMPLE = [[1, 1, 1, 1], [1, 1, 5, 2], [2, 3, 5, 3], [1, 4, 6, 5], [2, 4, 4, 16]]


def max_pool(draw):
    """Padding never wins: torch pads with minus infinity."""
    for image, kernel, stride, padding in MAX_POOL:
        attrs = {"kernel": kernel, "stride": stride, "padding": padding}
        yield case(
            draw, "maxPool2d", attrs, {"x": draw.distinct(*image)},
            lambda x: nhwc(F.max_pool2d(nchw(x), kernel, stride, padding)),
        )


def average_pool(draw):
    for image, kernel, stride in AVERAGE_POOL:
        yield case(
            draw, "avgPool2d", {"kernel": kernel, "stride": stride}, {"x": draw.normal(*image)},
            lambda x: nhwc(F.avg_pool2d(nchw(x), kernel, stride)),
        )


def global_pools(draw):
    """[N, H, W, C] to [N, C]."""
    for image in MAPS:
        x = draw.distinct(*image)
        yield case(draw, "globalMaxPool", {}, {"x": x}, lambda x: x.amax((1, 2)))
        yield case(draw, "globalAvgPool", {}, {"x": x}, lambda x: x.mean((1, 2)))


def batch_norm(draw):
    """Channels keep different means and scales; one has a mean 30 times its spread."""
    for image in [[1, 1, 2, 1], [2, 1, 1, 3], [2, 5, 7, 5], [3, 9, 7, 3], [2, 8, 8, 16]]:
        channels = image[3]
        x = (draw.normal(*image) * draw.uniform(0.2, 3, channels) + draw.normal(channels)).float().double()
        x[..., 0] = (x[..., 0] + 30).float().double()
        learned = {"x": x, "weight": draw.normal(channels, shift=1), "bias": draw.normal(channels)}
        running = {"runningMean": draw.normal(channels), "runningVariance": draw.uniform(0.5, 2, channels)}
        for training in (True, False):
            yield batch_norm_case(draw, learned, running, training)


def batch_norm_case(draw, learned, running, training):
    """In training the running statistics after this one update are outputs too (unbiased variance)."""
    mean, variance = running["runningMean"].clone(), running["runningVariance"].clone()

    def compute(x, weight, bias, runningMean, runningVariance):  # noqa: N803 (our names)
        return nhwc(F.batch_norm(nchw(x), mean, variance, weight, bias, training, 0.1, 1e-5))

    attrs = {"training": training, "momentum": 0.1, "epsilon": 1e-5}
    extra = {"runningMean": mean, "runningVariance": variance} if training else None
    return case(draw, "batchNorm", attrs, {**learned, **running}, compute, list(learned), extra)


def upsample(draw):
    for image in UPSAMPLE:
        for align in (False, True):

            def compute(x):
                y = F.interpolate(nchw(x), scale_factor=2, mode="bilinear", align_corners=align)
                return nhwc(y)

            yield case(draw, "upsampleBilinear2d", {"scale": 2, "alignCorners": align}, {"x": draw.normal(*image)}, compute)


def concat_and_slice(draw):
    for sizes in [(1, 1), (3, 5), (4, 8), (2, 3, 4)]:
        inputs = {name: draw.normal(2, 3, 5, size) for name, size in zip("abc", sizes)}
        yield case(draw, "concat", {"axis": 3}, inputs, lambda **parts: torch.cat(list(parts.values()), 3))
    for channels, start, end in [(1, 0, 1), (7, 2, 5), (8, 4, 8), (5, 4, 5)]:
        x = draw.normal(2, 3, 5, channels)
        yield case(draw, "slice", {"axis": 3, "start": start, "end": end}, {"x": x}, lambda x: x[..., start:end])


FAMILIES = {
    "pool": [max_pool, average_pool, global_pools],
    "batchNorm": [batch_norm],
    "upsample": [upsample],
    "concat": [concat_and_slice],
}
