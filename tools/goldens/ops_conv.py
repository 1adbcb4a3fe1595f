"""Golden cases of convolution, transposed convolution, matmul and linear."""
import torch.nn.functional as F

from common import case, nchw, nhwc, torch_kernel

# image [N, H, W, C], channels out, kernel [kh, kw], stride, padding, dilation, bias
CONV2D = [
    ([1, 1, 1, 1], 1, [1, 1], 1, 0, 1, False),
    ([1, 1, 1, 3], 2, [3, 3], 1, 1, 1, True),
    ([2, 5, 7, 3], 5, [1, 1], 1, 0, 1, True),
    ([1, 7, 5, 3], 4, [1, 1], 2, 0, 1, False),
    ([2, 5, 6, 1], 4, [3, 3], 1, 1, 1, True),
    ([1, 9, 7, 5], 3, [3, 3], 1, 1, 1, True),
    ([1, 7, 9, 2], 3, [3, 3], 1, 0, 1, False),
    ([2, 7, 5, 3], 6, [3, 3], 2, 1, 1, True),
    ([1, 8, 6, 3], 2, [3, 3], 2, 0, 1, False),
    ([1, 8, 9, 3], 2, [3, 3], 1, 2, 2, True),
    ([1, 9, 8, 2], 3, [3, 3], 2, 1, 2, False),
    ([1, 6, 7, 2], 3, [3, 3], 1, 2, 1, True),
    ([1, 7, 6, 3], 2, [5, 5], 1, 2, 1, True),
    ([1, 9, 11, 2], 3, [5, 5], 2, 2, 1, False),
    ([2, 5, 6, 3], 4, [2, 3], 1, 0, 1, True),
    ([1, 6, 7, 2], 3, [2, 3], 2, 1, 1, True),
    ([2, 8, 8, 16], 32, [3, 3], 1, 1, 1, True),
    ([1, 9, 8, 32], 16, [1, 1], 1, 0, 1, True),
]

# image, channels out, kernel, stride, padding, bias
CONV2D_TRANSPOSE = [
    ([1, 1, 1, 1], 1, [2, 2], 2, 0, False),
    ([1, 3, 5, 3], 2, [2, 2], 2, 0, True),
    ([2, 4, 3, 6], 5, [2, 2], 2, 0, True),
    ([1, 3, 4, 3], 5, [3, 3], 2, 1, True),
    ([2, 5, 3, 2], 3, [3, 3], 2, 1, False),
    ([1, 3, 5, 3], 2, [4, 4], 2, 1, True),
    ([1, 1, 1, 5], 3, [4, 4], 2, 1, False),
    ([2, 5, 4, 32], 16, [2, 2], 2, 0, True),
]

# rows, inner, columns
MATMUL = [(1, 1, 1), (1, 7, 1), (5, 3, 7), (7, 1, 5), (33, 17, 19), (32, 48, 16)]
# batch, channels in, channels out, bias
LINEAR = [(1, 1, 1, True), (3, 5, 7, True), (2, 9, 1, False), (4, 64, 32, True)]


def with_bias(draw, inputs, channels, bias):
    return {**inputs, "bias": draw.normal(channels)} if bias else inputs


def conv2d(draw):
    for image, out, kernel, stride, padding, dilation, bias in CONV2D:
        fan_in = kernel[0] * kernel[1] * image[3]
        weight = draw.normal(*kernel, image[3], out, scale=fan_in**-0.5)
        inputs = with_bias(draw, {"x": draw.normal(*image), "weight": weight}, out, bias)

        def compute(x, weight, bias=None):
            return nhwc(F.conv2d(nchw(x), torch_kernel(weight), bias, stride, padding, dilation))

        yield case(draw, "conv2d", {"stride": stride, "padding": padding, "dilation": dilation}, inputs, compute)


def conv2d_transpose(draw):
    for image, out, kernel, stride, padding, bias in CONV2D_TRANSPOSE:
        weight = draw.normal(*kernel, out, image[3], scale=image[3] ** -0.5)
        inputs = with_bias(draw, {"x": draw.normal(*image), "weight": weight}, out, bias)

        def compute(x, weight, bias=None):
            return nhwc(F.conv_transpose2d(nchw(x), torch_kernel(weight), bias, stride, padding))

        yield case(draw, "conv2dTranspose", {"stride": stride, "padding": padding}, inputs, compute)


def matmul(draw):
    for rows, inner, columns in MATMUL:
        inputs = {"a": draw.normal(rows, inner), "b": draw.normal(inner, columns)}
        yield case(draw, "matmul", {}, inputs, lambda a, b: a @ b)


def linear(draw):
    """y = x·weight + bias, with weight [channelsIn, channelsOut]: the transpose of torch's."""
    for batch, channels_in, channels_out, bias in LINEAR:
        weight = draw.normal(channels_in, channels_out, scale=channels_in**-0.5)
        inputs = with_bias(draw, {"x": draw.normal(batch, channels_in), "weight": weight}, channels_out, bias)
        yield case(draw, "linear", {}, inputs, lambda x, weight, bias=None: F.linear(x, weight.T, bias))


FAMILIES = {
    "conv2d": [conv2d],
    "conv2dTranspose": [conv2d_transpose],
    "matmul": [matmul, linear],
}
