"""Golden cases of intensity augmentation: contrast, gamma and bias field, Gaussian blur, smooth displacements."""
import math

import torch
import torch.nn.functional as F

from common import as_input, case, nchw, nhwc

SHAPES = [[2, 9, 7, 1], [2, 4, 5, 2], [2, 1, 6, 1]]
SETTINGS = [[0.3, -0.2, 0.1, 0.15, -0.25, 1.25, 0.7], [0, 0.4, 0, 0, 0, 0.8, 1.5]]


def adjusted(image, row):
    """An image [H, W, C] with its settings."""
    height, width = image.shape[:2]
    s = torch.cos(math.pi * (torch.arange(width).double() + 0.5) / width)[None, :, None]
    t = torch.cos(math.pi * (torch.arange(height).double() + 0.5) / height)[:, None, None]
    a, b, c, d, e, contrast, gamma = row
    # cos 2p = 2 cos² p − 1
    field = a * s + b * t + c * s * t + d * (2 * s * s - 1) + e * (2 * t * t - 1)
    image = image.min() + (image - image.min()) * field.exp()
    mean = image.mean()
    image = ((image - mean) * contrast + mean).clamp(image.min(), image.max())
    least, span = image.min(), image.max() - image.min()
    powered = ((image - least) / (span + 1e-7)) ** gamma * span + least
    found = powered.std(unbiased=False) + 1e-8
    return (powered - powered.mean()) / found * image.std(unbiased=False) + image.mean()


def adjust_intensity(draw):
    for shape in SHAPES:
        def compute(x, settings):
            return torch.stack([adjusted(image, row) for image, row in zip(x, settings)])

        inputs = {"x": draw.normal(*shape), "settings": as_input(SETTINGS)}
        yield case(draw, "adjustIntensity", {}, inputs, compute, [])


def blurred(image, sigma):
    """[1, C, H, W] along both axes, edges repeated."""
    radius = math.ceil(3 * sigma)
    steps = torch.arange(-radius, radius + 1).double()
    weights = torch.exp(-steps**2 / (2 * sigma**2))
    weights = (weights / weights.sum()).reshape(1, 1, 1, -1)
    for _ in range(2):
        wide = F.pad(image, (radius, radius, 0, 0), "replicate")
        rows = wide.reshape(-1, 1, wide.shape[2], wide.shape[3])
        image = F.conv2d(rows, weights).reshape(image.shape).transpose(2, 3)
    return image


def gaussian_blur(draw):
    for shape in SHAPES:
        def compute(x, sigmas):
            images = nchw(x)
            return nhwc(torch.cat([blurred(images[n : n + 1], sigmas[n].item()) for n in range(len(images))]))

        inputs = {"x": draw.normal(*shape), "sigmas": as_input([0.7, 1.9])}
        yield case(draw, "gaussianBlur", {}, inputs, compute, [])


def spline_weights(size, points):
    """[size, points]: what each control point weighs at each pixel, by the recursion of Cox and de Boor."""
    place = (torch.arange(size).double() + 0.5) / size * (points - 3)

    def basis(i, degree):
        if degree == 0:
            return ((place >= i) & (place < i + 1)).double()
        low = (place - i) / degree * basis(i, degree - 1)
        return low + (i + degree + 1 - place) / degree * basis(i + 1, degree - 1)

    return torch.stack([basis(k - 3, 3) for k in range(points)], 1)


def spline_image(draw):
    for shape, (height, width) in [([2, 7, 7, 2], (13, 9)), ([1, 4, 6, 1], (1, 20))]:
        def compute(x):
            down, across = spline_weights(height, x.shape[1]), spline_weights(width, x.shape[2])
            return torch.einsum("hg,wf,ngfc->nhwc", down, across, x)

        attrs = {"height": height, "width": width}
        yield case(draw, "splineImage", attrs, {"x": draw.normal(*shape)}, compute, [])


FAMILIES = {"intensity": [adjust_intensity, gaussian_blur, spline_image]}
