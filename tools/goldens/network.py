"""The U-Net of Zhang et al. 2024 in torch, with their parameter names, written from its description."""
import math

import torch
from torch import nn


class ConvBlock(nn.Module):
    """Twice: 3x3 convolution, batch norm (encoder and centre only), ReLU."""

    def __init__(self, channels_in, channels_out, norm):
        super().__init__()
        self.conv1 = self.unit(channels_in, channels_out, norm)
        self.conv2 = self.unit(channels_out, channels_out, norm)

    @staticmethod
    def unit(channels_in, channels_out, norm):
        middle = [nn.BatchNorm2d(channels_out)] if norm else []
        return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1), *middle, nn.ReLU())

    def forward(self, x):
        return self.conv2(self.conv1(x))


class UpBlock(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels_in, channels_out, 2, stride=2)
        self.conv = ConvBlock(channels_in, channels_out, norm=False)

    def forward(self, deep, skip):
        return self.conv(torch.cat([self.up(deep), skip], 1))


class UNet(nn.Module):
    """Image [N, 1, H, W] to line heatmaps [N, views, H, W] and slice location [N, 1]."""

    def __init__(self, width=64, views=2, dropout=0.5):
        super().__init__()
        f = [width * 2**level for level in range(5)]
        self.conv1 = ConvBlock(1, f[0], norm=True)
        self.conv2 = ConvBlock(f[0], f[1], norm=True)
        self.conv3 = ConvBlock(f[1], f[2], norm=True)
        self.conv4 = ConvBlock(f[2], f[3], norm=True)
        self.center = ConvBlock(f[3], f[4], norm=True)
        self.up_concat4 = UpBlock(f[4], f[3])
        self.up_concat3 = UpBlock(f[3], f[2])
        self.up_concat2 = UpBlock(f[2], f[1])
        self.up_concat1 = UpBlock(f[1], f[0])
        self.final = nn.Conv2d(f[0], views, 1)
        # never called; they are in the authors' state dict
        self.conv1_label = nn.Conv2d(f[4], f[1], 3, padding=1)
        self.conv2_label = nn.Conv2d(f[1], 1, 1)
        self.global_layers = nn.Sequential(
            nn.Linear(f[4], 128), nn.Dropout(dropout), nn.ReLU(), nn.Linear(128, 1)
        )

    def forward(self, x):
        skips = []
        for block in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = block(x)
            skips.append(x)
            x = torch.max_pool2d(x, 2)
        deep = self.center(x)
        x = deep
        for block in (self.up_concat4, self.up_concat3, self.up_concat2, self.up_concat1):
            x = block(x, skips.pop())
        return self.final(x), self.global_layers(deep.amax((2, 3)))


def initialise(network, generator):
    """Kaiming normal fan-in for convolutions, N(1, 0.02) batch norm weights, uniform ±1/√fan_in for the rest."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            fan_in = layer.weight[0].numel()
            layer.weight.data.normal_(0, math.sqrt(2 / fan_in), generator=generator)
            layer.bias.data.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.weight.data.normal_(1, 0.02, generator=generator)
            layer.bias.data.zero_()
        elif isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            layer.weight.data.uniform_(-bound, bound, generator=generator)
            layer.bias.data.uniform_(-bound, bound, generator=generator)
