"""Writes test/goldens/networks.json: training runs of the paper's other networks at small widths, in float64.

Encoders are torchvision's own blocks; decoders are written from their description. First weights and
images follow from names (`noise`), which the tests compute too, so that no state dict is stored. Of a
tensor the file has `[norm, projection, sample ...]`: its length, its product with noise of its name,
and some of its values.

needs python3-torchvision
"""
import copy
import math

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models.resnet import Bottleneck

from common import write_json
from drawn import SAMPLES, Kinks, noise_like, rounded, strays, summary

SIZE, BATCH, VIEWS, HIDDEN, STEPS, RATE = 64, 4, 2, 6, 20, 1e-4
# a bias that the batch norm behind it cancels
WITHOUT_EFFECT = ["last.0.bias"]


def stage(inplanes, planes, blocks, stride=1, dilation=1):
    """As torchvision's ResNet._make_layer, but every block has the dilation."""
    out = 4 * planes
    shortcut = None
    if stride != 1 or inplanes != out:
        shortcut = nn.Sequential(nn.Conv2d(inplanes, out, 1, stride, bias=False), nn.BatchNorm2d(out))
    first = Bottleneck(inplanes, planes, stride, shortcut, dilation=dilation)
    return nn.Sequential(first, *[Bottleneck(out, planes, dilation=dilation) for _ in range(blocks - 1)])


class Shuffle(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, 4 * channels_out, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(4 * channels_out)
        self.norm2 = nn.BatchNorm2d(channels_out)

    def forward(self, x):
        return F.relu(self.norm2(F.pixel_shuffle(F.relu(self.norm1(self.conv(x))), 2)))


def location_head(channels):
    return nn.Sequential(nn.Linear(channels, HIDDEN), nn.Dropout(0), nn.ReLU(), nn.Linear(HIDDEN, 1))


class ResnetUnet(nn.Module):
    def __init__(self, width):
        super().__init__()
        w = width
        self.conv1, self.bn1 = nn.Conv2d(1, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w)
        self.layer1, self.layer2, self.layer3 = stage(w, w, 3), stage(4 * w, 2 * w, 4, 2), stage(8 * w, 4 * w, 6, 2)
        self.center = Shuffle(16 * w, 16 * w)
        self.decoder1, self.decoder2 = Shuffle(24 * w, 8 * w), Shuffle(12 * w, 4 * w)
        self.decoder3 = Shuffle(5 * w, w)
        self.last = nn.Sequential(nn.Conv2d(w, w // 2, 3, padding=1), nn.BatchNorm2d(w // 2))
        self.final = nn.Conv2d(w // 2, VIEWS, 1)
        self.global_layers = location_head(16 * w)

    def forward(self, image):
        x = F.relu(self.bn1(self.conv1(image)))
        e1 = self.layer1(F.max_pool2d(x, 3, 2, 1))
        e2 = self.layer2(e1)
        centre = self.center(self.layer3(e2))
        y = self.decoder1(torch.cat([centre, e2], 1))
        y = self.decoder3(torch.cat([self.decoder2(torch.cat([y, e1], 1)), x], 1))
        return torch.sigmoid(self.final(F.relu(self.last(y)))), self.global_layers(centre.amax((2, 3)))


class Pyramid(nn.Module):
    def __init__(self, channels_in, channels):
        super().__init__()
        rates = (6, 12, 18)
        self.map_convs = nn.ModuleList(
            [nn.Conv2d(channels_in, channels, 1, bias=False)]
            + [nn.Conv2d(channels_in, channels, 3, dilation=r, padding=r, bias=False) for r in rates]
        )
        self.map_bn, self.red_conv = nn.BatchNorm2d(4 * channels), nn.Conv2d(4 * channels, channels, 1, bias=False)
        self.global_pooling_conv = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.global_pooling_bn = nn.BatchNorm2d(channels)
        self.pool_red_conv = nn.Conv2d(channels, channels, 1, bias=False)
        self.red_bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        maps = self.red_conv(F.leaky_relu(self.map_bn(torch.cat([conv(x) for conv in self.map_convs], 1))))
        pooled = self.global_pooling_bn(self.global_pooling_conv(x.mean((2, 3), keepdim=True)))
        return F.leaky_relu(self.red_bn(maps + self.pool_red_conv(F.leaky_relu(pooled))))


class Deeplab(nn.Module):
    def __init__(self, width):
        super().__init__()
        w = width
        sizes, layers = [1, w, w, 2 * w], []
        for i in range(3):
            layers += [nn.Conv2d(sizes[i], sizes[i + 1], 3, 2 if i == 0 else 1, 1, bias=False)]
            layers += [nn.BatchNorm2d(sizes[i + 1])]
        self.stem = nn.Sequential(*layers)
        self.layer1, self.layer2 = stage(2 * w, w, 3), stage(4 * w, 2 * w, 4, 2)
        self.layer3, self.layer4 = stage(8 * w, 4 * w, 23, 2), stage(16 * w, 8 * w, 3, dilation=2)
        self.ASPP = Pyramid(32 * w, 4 * w)
        self.final = nn.Conv2d(4 * w, VIEWS, 1)
        self.global_layers = location_head(32 * w)

    def forward(self, image):
        x = image
        for i in range(0, 6, 2):
            x = F.relu(self.stem[i + 1](self.stem[i](x)))
        x = F.max_pool2d(x, 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        maps = self.final(self.ASPP(x))
        maps = F.interpolate(maps, size=image.shape[2:], mode="bilinear", align_corners=True)
        return maps, self.global_layers(x.mean((2, 3)))


class Up(nn.Module):
    def __init__(self, channels_in, channels_out, up):
        super().__init__()
        if up:
            kernel, stride, padding = up
            self.up = nn.ConvTranspose2d(channels_in, channels_out, kernel, stride, padding)
        joined = 2 * (channels_out if up else channels_in)
        unit = nn.Sequential(nn.Conv2d(joined, channels_out, 3, padding=1), nn.ReLU())
        self.conv = nn.ModuleDict({"conv1": unit})
        self.grows = bool(up)

    def forward(self, deep, skip):
        both = [self.up(deep), self.up(skip)] if self.grows else [deep, skip]
        return self.conv["conv1"](torch.cat(both, 1))


class AlexnetUnet(nn.Module):
    PIXELS = 4

    def __init__(self, width):
        super().__init__()
        w = width
        convs = [(1, w, 11, 4, 2), (w, 3 * w, 5, 1, 2), (3 * w, 6 * w, 3, 1, 1), (6 * w, 4 * w, 3, 1, 1), (4 * w, 4 * w, 3, 1, 1)]
        pool = nn.MaxPool2d(3, 2)
        layers = [pool if i in (2, 5, 12) else nn.ReLU() for i in range(13)]  # as torchvision.models.alexnet().features
        for place, sizes in zip((0, 3, 6, 8, 10), convs):
            layers[place] = nn.Conv2d(*sizes)
        self.features = nn.Sequential(*layers)
        self.decoder = nn.ModuleDict({
            "up_concat3": Up(4 * w, 6 * w, None),
            "up_concat2": Up(6 * w, 3 * w, (3, 2, 0)),
            "up_concat1": Up(3 * w, w, (3, 2, 0)),
            "up_concat": Up(w, self.PIXELS, (12, 4, 2)),
        })
        self.final = nn.Conv2d(self.PIXELS, VIEWS, 1)
        self.global_layers = location_head(4 * w)

    def forward(self, x):
        found = []
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in (1, 4, 7, 9, 11):
                found.append(x)
        y = found[4]
        for name, skip in zip(("up_concat3", "up_concat2", "up_concat1", "up_concat"), reversed(found[:4])):
            y = self.decoder[name](y, skip)
        return self.final(y), self.global_layers(x.mean((2, 3)))


def fill(network, salt):
    """First weights by name: uniform by fan-in, norms near one. The salt is searched for: see `margin`."""
    state = {}
    for name, value in network.state_dict().items():
        if not value.is_floating_point() or "running" in name:
            state[name] = value
        elif value.dim() > 1:
            fan = math.prod(value.shape[1:]) if "up.weight" not in name else value.shape[1] * math.prod(value.shape[2:])
            state[name] = noise_like(f"{salt} {name}", value.shape) * math.sqrt(6 / fan)
        else:
            state[name] = noise_like(f"{salt} {name}", value.shape) * 0.1 + norm_weight(network, name)
    network.load_state_dict({n: v.float().to(v.dtype) if v.is_floating_point() else v for n, v in state.items()})


def norm_weight(network, name):
    """Blocks that add little to their input keep float32 near float64 through a hundred layers."""
    path, kind = name.rsplit(".", 1)
    if kind != "weight" or not isinstance(network.get_submodule(path), nn.BatchNorm2d):
        return 0
    return 0.25 if path.endswith("bn3") else 1


def margin(network):
    """How far the first step stays from a kink: rounding must not change a side, or gradients jump."""
    kinks = Kinks()
    with torch.no_grad(), kinks:
        network.train()(batch()[0])
    return kinks.least


def fresh(make, salt):
    network = make().double()
    fill(network, salt)
    return network


def searched(make, salts):
    """Of the eight salts with the widest margins the one at which float32 strays least in torch itself."""
    margins = {salt: margin(fresh(make, salt)) for salt in range(salts)}
    widest = sorted(margins, key=margins.get)[-8:]

    def stray(salt):
        runs = [run(fresh(make, salt), dtype, steps=1) for dtype in (torch.float32, torch.float64)]
        return strays(*runs, WITHOUT_EFFECT)["gradients"]

    salt = min(widest, key=stray)
    return salt, margins[salt]


def batch():
    image = noise_like("image", (BATCH, SIZE, SIZE, 1)).permute(0, 3, 1, 2)
    # smooth enough for deep layers to have something to see
    image = F.avg_pool2d(image, 5, 1, 2) * 3
    heat = noise_like("heat", (BATCH, SIZE, SIZE, VIEWS)).permute(0, 3, 1, 2) * 0.5 + 0.5
    return image, heat, noise_like("location", (BATCH, 1)) * 0.5 + 0.5


def run(network, dtype, steps=STEPS):
    network = copy.deepcopy(network).to(dtype).train()
    image, heat, location = (t.to(dtype) for t in batch())
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    losses, first = [], {}
    for step in range(steps):
        optimizer.zero_grad()
        maps, place = network(image)
        loss = F.mse_loss(maps, heat) + F.mse_loss(place, location)
        loss.backward()
        if step == 0:
            first["outputs"] = {"maps": summary("maps", maps.permute(0, 2, 3, 1)), "location": summary("location", place)}
            first["gradients"] = {n: summary(n, p.grad) for n, p in network.named_parameters()}
        losses.append(loss.item())
        optimizer.step()
    network.eval()
    with torch.no_grad():
        maps, place = network(image)
    evaluated = {"maps": summary("maps", maps.permute(0, 2, 3, 1)), "location": summary("location", place)}
    return {**first, "losses": losses, "evaluated": evaluated}


def golden(make, salts):
    salt, kink = searched(make, salts)
    double, single = (run(fresh(make, salt), dtype) for dtype in (torch.float64, torch.float32))
    return {"salt": salt, "kinkMargin": float(f"{kink:.1e}"), **double, "float32Error": strays(single, double, WITHOUT_EFFECT)}


def shapes(network, prefix=("",)):
    return {n: list(v.shape) for n, v in network.state_dict().items() if n.startswith(prefix)}


def main():
    models = torchvision.models
    write_json("networks.json", rounded({
        "settings": {"size": SIZE, "batch": BATCH, "views": VIEWS, "hidden": HIDDEN, "rate": RATE, "samples": SAMPLES, "withoutEffect": WITHOUT_EFFECT},
        "resnetUnet": {"width": 2, **golden(lambda: ResnetUnet(2), 60)},
        "deeplab": {"width": 2, **golden(lambda: Deeplab(2), 30)},
        "alexnetUnet": {"width": 4, "pixels": AlexnetUnet.PIXELS, **golden(lambda: AlexnetUnet(4), 30)},
        "torchvision": {
            "resnet50": shapes(models.resnet50(), ("conv1", "bn1", "layer")),
            "alexnet": shapes(models.alexnet(), "features"),
        },
    }))


if __name__ == "__main__":
    main()
