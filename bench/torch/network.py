"""The network that planewise's steps are timed on, in PyTorch, with the same first weights and data."""
import json

import numpy as np
import torch
from torch import nn


class Unit(nn.Sequential):
    """3x3 convolution, batch norm (in the encoder), ReLU."""

    def __init__(self, channels_in, channels_out, norm):
        layers = [nn.Conv2d(channels_in, channels_out, 3, padding=1)]
        if norm:
            layers.append(nn.BatchNorm2d(channels_out))
        super().__init__(*layers, nn.ReLU(inplace=True))


class Block(nn.Module):
    def __init__(self, channels_in, channels_out, norm):
        super().__init__()
        self.conv1 = Unit(channels_in, channels_out, norm)
        self.conv2 = Unit(channels_out, channels_out, norm)

    def forward(self, x):
        return self.conv2(self.conv1(x))


class Up(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels_in, channels_out, 2, stride=2)
        self.conv = Block(2 * channels_out, channels_out, False)

    def forward(self, deep, skip):
        return self.conv(torch.cat([self.up(deep), skip], 1))


class UNet(nn.Module):
    """Five levels; 1 channel in, 2 maps out."""

    def __init__(self, width):
        super().__init__()
        widths = [width << level for level in range(5)]
        for level in range(4):
            block = Block(widths[level - 1] if level else 1, widths[level], True)
            setattr(self, f"conv{level + 1}", block)
            setattr(self, f"up_concat{level + 1}", Up(widths[level + 1], widths[level]))
        self.center = Block(widths[3], widths[4], True)
        self.final = nn.Conv2d(width, 2, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        skips = []
        for level in range(1, 5):
            x = getattr(self, f"conv{level}")(x)
            skips.append(x)
            x = self.pool(x)
        x = self.center(x)
        for level in range(4, 0, -1):
            x = getattr(self, f"up_concat{level}")(x, skips[level - 1])
        return self.final(x)


def read_arrays(path):
    """Arrays of a file that begins with a line of JSON: a list of [name, shape], whose float32 values follow in order."""
    with open(path, "rb") as file:
        entries = json.loads(file.readline())
        arrays = {}
        for name, shape in entries:
            values = np.fromfile(file, "<f4", int(np.prod(shape)))
            arrays[name] = torch.from_numpy(values.reshape(shape))
    return arrays


def load_weights(network, arrays):
    """Weights are [height, width, in, out]; of a transposed convolution, [height, width, out, in]."""
    state = network.state_dict()
    given = {name: array for name, array in arrays.items() if name in state}
    for name, array in given.items():
        given[name] = array.permute(3, 2, 0, 1).contiguous() if array.dim() == 4 else array
    wanted = {name for name, _ in network.named_parameters()}
    if wanted != set(given):
        raise ValueError(f"weights differ: {sorted(wanted ^ set(given))}")
    network.load_state_dict({**state, **given})
    return network


def images_and_targets(arrays):
    """[batch, height, width, channels] to [batch, channels, height, width]."""
    return [arrays[name].permute(0, 3, 1, 2).contiguous() for name in ("images", "targets")]
