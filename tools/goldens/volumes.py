"""Writes test/goldens/volumes.json: training runs of nnU-Net's plain and residual U-Nets, of volumes and of images, in float64.

Written from torch.nn layers, with the names of nnU-Net's networks. The loss is deep supervision: cross entropy and soft
Dice at every level, weighted 1, 1/2, 1/4 ... over their sum, against labels by nearest neighbour. Weights and images are
drawn by name: drawn.py.
"""
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from common import write_json
from drawn import SAMPLES, Kinks, noise_like, rounded, strays, summary

BATCH, CHANNELS_IN, CLASSES, STEPS, RATE, SLOPE, EPSILON = 2, 2, 3, 20, 1e-3, 0.01, 1e-5
SALTS = 40


def dimensional(name, rank):
    return getattr(nn, f"{name}{rank}d")


class Unit(nn.Module):
    def __init__(self, channels_in, channels_out, kernel, stride, bias=True, activated=True):
        super().__init__()
        rank, padding = len(kernel), [(k - 1) // 2 for k in kernel]
        self.conv = dimensional("Conv", rank)(channels_in, channels_out, kernel, stride, padding, bias=bias)
        self.norm = dimensional("InstanceNorm", rank)(channels_out, affine=True)
        self.activated = activated

    def forward(self, x):
        y = self.norm(self.conv(x))
        return F.leaky_relu(y, SLOPE) if self.activated else y


class Stack(nn.Module):
    def __init__(self, channels_in, channels_out, kernel, stride, count):
        super().__init__()
        ones = [1] * len(kernel)
        self.convs = nn.Sequential(*[
            Unit(channels_out if i else channels_in, channels_out, kernel, ones if i else stride) for i in range(count)
        ])

    def forward(self, x):
        return self.convs(x)


class Residual(nn.Module):
    def __init__(self, channels_in, channels_out, kernel, stride):
        super().__init__()
        ones = [1] * len(kernel)
        self.conv1 = Unit(channels_in, channels_out, kernel, stride)
        self.conv2 = Unit(channels_out, channels_out, kernel, ones, activated=False)
        skip = [dimensional("AvgPool", len(kernel))(stride, stride)] if stride != ones else []
        if channels_in != channels_out:
            skip.append(Unit(channels_in, channels_out, ones, ones, bias=False, activated=False))
        self.skip = nn.Sequential(*skip)

    def forward(self, x):
        return F.leaky_relu(self.conv2(self.conv1(x)) + self.skip(x), SLOPE)


class Blocks(nn.Module):
    def __init__(self, channels_in, channels_out, kernel, stride, count):
        super().__init__()
        ones = [1] * len(kernel)
        self.blocks = nn.Sequential(*[
            Residual(channels_out if i else channels_in, channels_out, kernel, ones if i else stride) for i in range(count)
        ])

    def forward(self, x):
        return self.blocks(x)


class Encoder(nn.Module):
    def __init__(self, kernels, strides, channels, counts, residual):
        super().__init__()
        self.stem = Stack(CHANNELS_IN, channels[0], kernels[0], strides[0], 1) if residual else nn.Identity()
        sizes = [(channels[0] if residual else CHANNELS_IN), *channels]
        make = Blocks if residual else (lambda *a: nn.Sequential(Stack(*a)))
        self.stages = nn.Sequential(*[make(*a) for a in zip(sizes, channels, kernels, strides, counts)])

    def forward(self, x):
        found, y = [], self.stem(x)
        for stage in self.stages:
            y = stage(y)
            found.append(y)
        return found


class Decoder(nn.Module):
    def __init__(self, kernels, strides, channels, counts):
        super().__init__()
        rank = len(kernels[0])
        levels = range(len(channels) - 2, -1, -1)
        grow, conv, ones = dimensional("ConvTranspose", rank), dimensional("Conv", rank), [1] * rank
        self.transpconvs = nn.ModuleList([grow(channels[l + 1], channels[l], strides[l + 1], strides[l + 1]) for l in levels])
        self.stages = nn.ModuleList([Stack(2 * channels[l], channels[l], kernels[l], ones, counts[l]) for l in levels])
        self.seg_layers = nn.ModuleList([conv(channels[l], CLASSES, 1) for l in levels])

    def forward(self, skips):
        outputs, y = [], skips[-1]
        for up, stage, output, skip in zip(self.transpconvs, self.stages, self.seg_layers, reversed(skips[:-1])):
            y = stage(torch.cat([up(y), skip], 1))
            outputs.append(output(y))
        return outputs[::-1]


class UNet(nn.Module):
    def __init__(self, kernels, strides, channels, counts, decoder, residual, **_):
        super().__init__()
        self.encoder = Encoder(kernels, strides, channels, counts, residual)
        self.decoder = Decoder(kernels, strides, channels, decoder)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def fill(network, salt):
    """First weights by name: uniform by fan-in, norms near one."""
    state = {}
    for name, value in network.state_dict().items():
        drawn = noise_like(f"{salt} {name}", value.shape)
        fan = math.prod(value.shape[1:])
        state[name] = drawn * math.sqrt(6 / fan) if value.dim() > 1 else drawn * 0.1 + name.endswith("norm.weight")
    network.load_state_dict({name: value.float().double() for name, value in state.items()})


def batch(sides):
    """Images, and labels that their first channel's smoothed values tell."""
    pool = F.avg_pool3d if len(sides) == 3 else F.avg_pool2d
    image = noise_like("image", (BATCH, *sides, CHANNELS_IN)).movedim(-1, 1)
    field = pool(noise_like("labels", (BATCH, 1, *sides)), 3, 1, 1)[:, 0]
    return image, (field > -0.05).long() + (field > 0.08).long()


def loss_of(outputs, labels):
    weights = [2.0 ** -i for i in range(len(outputs))]
    total = 0
    for weight, logits in zip(weights, outputs):
        own = F.interpolate(labels[:, None].to(logits.dtype), size=logits.shape[2:], mode="nearest-exact")[:, 0].long()
        p = torch.softmax(logits, 1)
        t = F.one_hot(own, CLASSES).movedim(-1, 1).to(p.dtype)
        axes = [a for a in range(p.dim()) if a != 1]
        dice = (2 * (p * t).sum(axes) + EPSILON) / (p.sum(axes) + t.sum(axes) + EPSILON)
        total = total + weight / sum(weights) * (F.cross_entropy(logits, own) + 1 - dice[1:].mean())
    return total


def run(network, sides, dtype, steps=STEPS):
    network = copy.deepcopy(network).to(dtype).train()
    image, labels = batch(sides)
    image = image.to(dtype)
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    losses, first = [], {}
    summaries = lambda outputs: {f"level{i}": summary(f"level{i}", y.movedim(1, -1)) for i, y in enumerate(outputs)}
    for step in range(steps):
        optimizer.zero_grad()
        outputs = network(image)
        loss = loss_of(outputs, labels)
        loss.backward()
        if step == 0:
            first["outputs"] = summaries(outputs)
            first["gradients"] = {n: summary(n, p.grad) for n, p in network.named_parameters()}
        losses.append(loss.item())
        optimizer.step()
    with torch.no_grad():
        evaluated = summaries(network(image))
    return {**first, "losses": losses, "evaluated": evaluated}


def golden(settings):
    sides = settings["sides"]

    def fresh(salt):
        network = UNet(**settings).double()
        fill(network, salt)
        return network

    def margin(salt):
        kinks = Kinks()
        with torch.no_grad(), kinks:
            fresh(salt)(batch(sides)[0])
        return kinks.least

    margins = {salt: margin(salt) for salt in range(SALTS)}
    salt = max(margins, key=margins.get)
    double, single = (run(fresh(salt), sides, dtype) for dtype in (torch.float64, torch.float32))
    # biases that the norm behind them cancels
    without = [name for name in double["gradients"] if name.endswith(".conv.bias")]
    return {
        **settings, "labels": "".join(map(str, batch(sides)[1].flatten().tolist())), "salt": salt, "kinkMargin": float(f"{margins[salt]:.1e}"), "withoutEffect": without, **double,
        "float32Error": strays(single, double, without),
    }


THICK = {"kernels": [[1, 3, 3], [3, 3, 3], [3, 3, 3]], "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]], "channels": [4, 6, 8]}
FLAT = {"kernels": [[3, 3], [3, 3], [3, 3]], "strides": [[1, 1], [2, 2], [2, 2]], "channels": [4, 6, 8]}


def main():
    write_json("volumes.json", rounded({
        "settings": {"batch": BATCH, "channelsIn": CHANNELS_IN, "classes": CLASSES, "rate": RATE, "samples": SAMPLES, "epsilon": EPSILON},
        "plain": golden({**THICK, "sides": [4, 16, 12], "residual": False, "counts": [2, 2, 2], "decoder": [2, 2]}),
        "residual": golden({**THICK, "sides": [4, 16, 12], "residual": True, "counts": [1, 2, 2], "decoder": [1, 1]}),
        "residualImages": golden({**FLAT, "sides": [16, 24], "residual": True, "counts": [1, 2, 1], "decoder": [1, 2]}),
    }))


if __name__ == "__main__":
    main()
