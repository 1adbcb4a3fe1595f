"""Golden cases of convolution with groups, and strides, paddings and dilations by axis."""
import torch.nn.functional as F

from common import case, nchw, nhwc, torch_kernel

# image [N, H, W, C], channels out, kernel [kh, kw], stride, padding (or "same"), dilation, groups, bias
CONV = [
    ([2, 7, 6, 8], 8, [3, 3], [1, 1], [1, 1], [1, 1], 8, True),
    ([1, 9, 8, 4], 4, [3, 3], [2, 2], [1, 1], [1, 1], 4, False),
    ([1, 6, 7, 4], 4, [7, 5], [1, 1], [3, 2], [1, 1], 4, True),
    ([1, 5, 8, 3], 6, [3, 3], [1, 2], [1, 0], [1, 1], 3, True),
    ([1, 6, 5, 4], 16, [3, 3], [1, 1], [1, 1], [1, 1], 4, True),
    ([2, 6, 5, 8], 8, [3, 3], [1, 1], [1, 1], [1, 1], 2, True),
    ([1, 9, 7, 16], 24, [3, 2], [2, 1], [2, 1], [2, 1], 4, False),
    ([1, 7, 5, 6], 9, [3, 3], [2, 2], [1, 1], [1, 1], 3, True),
    ([1, 8, 9, 3], 5, [3, 3], [1, 2], [1, 1], [1, 1], 1, True),
    ([1, 9, 10, 2], 3, [2, 3], [2, 3], [0, 2], [3, 1], 1, False),
    ([1, 6, 7, 3], 4, [3, 5], [1, 1], [0, 2], [1, 1], 1, True),
    ([1, 6, 7, 3], 4, [4, 3], [1, 1], "same", [1, 2], 1, True),
    ([1, 5, 6, 4], 4, [2, 4], [1, 1], "same", [1, 1], 2, True),
    ([2, 1, 1, 4], 4, [3, 3], [3, 4], [1, 1], [1, 1], 2, True),
]

# image, channels out, kernel, stride, padding, outputPadding, dilation, groups, bias
TRANSPOSE = [
    ([1, 4, 5, 8], 8, [3, 3], [2, 2], [1, 1], [1, 1], [1, 1], 8, True),
    ([2, 3, 4, 8], 8, [2, 2], [2, 2], [0, 0], [0, 0], [1, 1], 2, True),
    ([1, 3, 4, 6], 4, [3, 2], [2, 1], [1, 0], [1, 0], [1, 1], 2, False),
    ([1, 4, 3, 3], 6, [3, 3], [1, 1], [1, 1], [0, 0], [1, 1], 3, True),
    ([1, 4, 5, 4], 3, [3, 3], [2, 2], [1, 0], [0, 1], [1, 1], 1, True),
    ([1, 3, 4, 2], 3, [4, 3], [3, 2], [1, 1], [2, 0], [1, 2], 1, False),
    ([1, 2, 3, 8], 16, [3, 3], [4, 5], [0, 0], [3, 4], [2, 2], 2, True),
]

# length, channels in and out, kernel, stride, padding, dilation, groups
LINE = [
    ([2, 9, 3], 4, 3, 1, 1, 1, 1),
    ([1, 12, 4], 6, 5, 2, 2, 1, 2),
    ([1, 11, 8], 8, 3, 1, 4, 4, 8),
]


def inputs_of(draw, image, weight, channels, bias):
    inputs = {"x": draw.normal(*image), "weight": weight}
    return {**inputs, "bias": draw.normal(channels)} if bias else inputs


def conv(draw):
    for image, out, kernel, stride, padding, dilation, groups, bias in CONV:
        within = image[3] // groups
        weight = draw.normal(*kernel, within, out, scale=(kernel[0] * kernel[1] * within) ** -0.5)
        same = padding == "same"
        attrs = {"stride": stride, "dilation": dilation, "groups": groups, "same": same}
        attrs = attrs if same else {**attrs, "padding": padding}

        def compute(x, weight, bias=None):
            return nhwc(F.conv2d(nchw(x), torch_kernel(weight), bias, stride, padding, dilation, groups))

        yield case(draw, "conv2d", attrs, inputs_of(draw, image, weight, out, bias), compute)


def transpose(draw):
    for image, out, kernel, stride, padding, output_padding, dilation, groups, bias in TRANSPOSE:
        weight = draw.normal(*kernel, out // groups, image[3], scale=(image[3] // groups) ** -0.5)
        attrs = {"stride": stride, "padding": padding, "outputPadding": output_padding}
        attrs = {**attrs, "dilation": dilation, "groups": groups}

        def compute(x, weight, bias=None):
            w = torch_kernel(weight)
            return nhwc(F.conv_transpose2d(nchw(x), w, bias, stride, padding, output_padding, groups, dilation))

        yield case(draw, "conv2dTranspose", attrs, inputs_of(draw, image, weight, out, bias), compute)


def line(draw):
    for image, out, kernel, stride, padding, dilation, groups in LINE:
        within = image[2] // groups
        weight = draw.normal(kernel, within, out, scale=(kernel * within) ** -0.5)
        attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

        def compute(x, weight, bias):
            w = weight.permute(2, 1, 0)
            return F.conv1d(x.permute(0, 2, 1), w, bias, stride, padding, dilation, groups).permute(0, 2, 1)

        yield case(draw, "conv1d", attrs, inputs_of(draw, image, weight, out, True), compute)


FAMILIES = {"convGroups": [conv], "convTransposeGroups": [transpose], "conv1d": [line]}
