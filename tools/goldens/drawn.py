"""What the goldens of training runs share: weights and images drawn by name, and tensors in short.

The tests draw the same (`noise`), so that no state dict is stored. Of a tensor a file has
`[norm, projection, sample ...]`: its length, its product with noise of its name, and some of its values.
"""
import math
import zlib

import numpy as np
import torch
import torch.nn.functional as F

SAMPLES = 24


def noise(name, count):
    """Uniform in -1 .. 1, by name and place."""
    phase = (zlib.crc32(name.encode()) % 1000) * 78.233
    x = np.sin(np.arange(count) * 12.9898 + phase) * 43758.5453
    return 2 * (x - np.floor(x)) - 1


def noise_like(name, shape):
    return torch.from_numpy(noise(name, math.prod(shape)).astype(np.float32).astype(np.float64)).reshape(shape)


class Kinks(torch.overrides.TorchFunctionMode):
    """Notes how near a ReLU's input comes to 0, in standard deviations of its tensor."""

    def __init__(self):
        super().__init__()
        self.least = math.inf

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in (F.relu, torch.relu, torch.relu_, F.leaky_relu):
            self.least = min(self.least, (args[0].abs().min() / args[0].std()).item())
        return function(*args, **(kwargs or {}))


def summary(name, tensor):
    flat = tensor.detach().double().reshape(-1)
    stride = max(1, flat.numel() // SAMPLES)
    projection = (flat * torch.from_numpy(noise(name, flat.numel()))).sum()
    return [flat.norm().item(), projection.item(), *flat[::stride][:SAMPLES].tolist()]


def strays(single, double, without_effect):
    """How far float32 strays, of the length of each tensor: the worst, and of the losses at each step."""
    def worst(key):
        pairs = [(single[key][n], double[key][n]) for n in double[key] if n not in without_effect]
        return max(max(abs(a - b) for a, b in zip(s, d)) / max(d[0], 1e-9) for s, d in pairs)
    loss = max(abs(a / b - 1) for a, b in zip(single["losses"], double["losses"]))
    return {**{key: float(f"{worst(key):.1e}") for key in ("outputs", "gradients", "evaluated")}, "losses": float(f"{loss:.1e}")}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value
