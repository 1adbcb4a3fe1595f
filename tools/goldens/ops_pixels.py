"""Golden cases of pixels that come from other places, and of intensities mapped by curves."""
import torch

from common import case

# images of N, height, width, channels
SHAPES = [[3, 7, 9, 1], [1, 1, 1, 2], [2, 5, 4, 3]]


def gather_pixels(draw):
    """Places run beyond the image; torch gathers from one with a zero behind it."""
    for n, height, width, channels in SHAPES:
        area = height * width

        def compute(x, places):
            flat = torch.cat([x.reshape(n, area, channels), torch.zeros(n, 1, channels, dtype=x.dtype)], 1)
            at = places.reshape(n, area, 1).clamp(max=area).expand(-1, -1, channels)
            return torch.gather(flat, 1, at).reshape(x.shape)

        inputs = {"x": draw.normal(n, height, width, channels), "places": draw.integers(0, area + 3, n, height, width)}
        yield case(draw, "gatherPixels", {}, inputs, compute, [])


def map_intensity(draw):
    for n, height, width, channels in SHAPES:
        for knots in [2, 9]:

            def compute(x, range, curve):
                low, high = range[:, 0].reshape(n, 1), range[:, 1].reshape(n, 1)
                along = ((x.reshape(n, -1) - low) / (high - low)).clamp(0, 1) * (knots - 1)
                knot = along.floor().clamp(max=knots - 2)
                a, b = (torch.gather(curve, 1, (knot + k).long()) for k in (0, 1))
                return (a + (along - knot) * (b - a)).reshape(x.shape)

            low = draw.uniform(-1.5, -0.5, n, 1)
            high = draw.uniform(0.5, 1.5, n, 1)
            inputs = {
                "x": draw.normal(n, height, width, channels),
                "range": torch.cat([low, high], 1),
                "curve": draw.uniform(-1, 1, n, knots),
            }
            yield case(draw, "mapIntensity", {}, inputs, compute, [])


FAMILIES = {"pixels": [gather_pixels, map_intensity]}
