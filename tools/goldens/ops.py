"""Writes test/goldens/ops/<family>.json: inputs, outputs and gradients of every op, from torch in float64.

Layouts are ours: images NHWC, convolution weights HWIO, transposed convolution weights
[kh, kw, channelsOut, channelsIn], linear weights [channelsIn, channelsOut].
"""
import ops_conv
import ops_elements
import ops_groups
import ops_image
import ops_intensity
import ops_loss
import ops_losses
import ops_math
import ops_norm
import ops_optim
import ops_pairs
import ops_pixels
import ops_places
import ops_reduce
import ops_training
import ops_volume
import ops_warp
from common import GOLDENS, Draw, write_json

MODULES = [
    ops_conv, ops_groups, ops_elements, ops_image, ops_math, ops_loss, ops_optim, ops_norm, ops_reduce, ops_losses,
    ops_training, ops_warp, ops_intensity, ops_pixels, ops_pairs, ops_places, ops_volume,
]


def main():
    for module in MODULES:
        for family, makers in module.FAMILIES.items():
            draw = Draw(family)
            cases = [c for maker in makers for c in maker(draw)]
            path = f"ops/{family}.json"
            write_json(path, {"cases": cases})
            print(f"{path}: {len(cases)} cases, {(GOLDENS / path).stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
