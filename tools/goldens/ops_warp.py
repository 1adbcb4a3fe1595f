"""Golden cases of labels that are moved by affine matrices, nearest neighbour."""
import math

import torch
import torch.nn.functional as F

from common import as_input, case

# images of N, height, width; label outside
SHAPES = [([3, 7, 9], 0), ([3, 1, 1], 5), ([3, 1, 6], 0), ([3, 16, 12], -100)]
# Points this near to the middle between two centres are no test: float32 may put them on the other side.
MARGIN = 1e-5


def about(degrees, scale, centre, shift):
    """Rotation by degrees and scaling about a point, then a shift, as a row of the matrices."""
    angle = math.radians(degrees)
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    x, y = centre
    return [c, -s, x - c * x + s * y + shift[0], s, c, y - s * x - c * y + shift[1]]


def points(matrices, height, width):
    """Where each output pixel reads, [N, height, width, 2], (x, y) in pixels."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    at = torch.stack([columns, rows, torch.ones_like(rows)], -1).double()
    return torch.einsum("hwk,nck->nhwc", at, matrices.reshape(-1, 2, 3))


def warp_labels(draw):
    """torch rounds halves to even and we to the later; there are none here."""
    for (n, height, width), outside in SHAPES:
        middle = ((width - 1) / 2, (height - 1) / 2)
        rows = [
            about(20, 1.2, middle, (0.5031, -1.017)),
            about(-115, 0.7, (0, 0), (3.021, 2.013)),
            about(71, -0.9, middle, (0.251, 0.347)),
        ]
        matrices = as_input(rows)
        read = points(matrices, height, width)
        assert ((read - read.floor() - 0.5).abs() > MARGIN).all()
        size = torch.tensor([width, height])

        def compute(labels, matrices):
            grid = (2 * read + 1) / size - 1
            moved = F.grid_sample((labels - outside).double()[:, None], grid, "nearest", "zeros", False)
            return (moved[:, 0] + outside).round().long()

        labels = draw.integers(1, 5, n, height, width)
        yield case(draw, "warpLabels", {"outside": outside}, {"labels": labels, "matrices": matrices}, compute, [])


FAMILIES = {"warpLabels": [warp_labels]}
