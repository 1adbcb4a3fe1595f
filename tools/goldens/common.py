"""What the golden makers share: seeded inputs, layout changes, and the JSON form of a tensor.

Inputs are drawn as float32 and computed on in float64, so that every stored output is the
correctly rounded answer to exactly the stored inputs.
"""
import base64
import json
import pathlib
import zlib

import numpy as np
import torch

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens"
torch.set_num_threads(1)


class Draw:
    """Seeded source of inputs; the seed is the family's name, so families do not disturb each other."""

    def __init__(self, family):
        self.rng = np.random.default_rng(zlib.crc32(family.encode()))

    def normal(self, *shape, scale=1.0, shift=0.0):
        return as_input(self.rng.standard_normal(shape) * scale + shift)

    def uniform(self, low, high, *shape):
        return as_input(self.rng.uniform(low, high, shape))

    def distinct(self, *shape):
        """Values at least 0.03 apart, so that a maximum is never a tie nor nearly one."""
        count = int(np.prod(shape))
        return as_input((self.rng.permutation(count) - count / 2).reshape(shape) * 0.037)

    def integers(self, low, high, *shape):
        return torch.from_numpy(np.asarray(self.rng.integers(low, high, shape)))


def as_input(values):
    """Round to float32, hold in float64."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32).astype(np.float64))


def nchw(x):
    """NHWC (ours) to NCHW (torch)."""
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    """NCHW (torch) to NHWC (ours)."""
    return x.permute(0, 2, 3, 1)


def torch_kernel(weight):
    """Ours to torch, both ways of convolving.

    conv2d: HWIO to OIHW. conv2dTranspose: [kh, kw, channelsOut, channelsIn] to torch's
    [channelsIn, channelsOut, kh, kw]. It is one permutation, since a transposed convolution
    is stored as the kernel of the convolution whose adjoint it is.
    """
    return weight.permute(3, 2, 0, 1)


def encode(tensor):
    """{"shape", "dtype", "data"}: little-endian f32 or i32 as base64."""
    array = tensor.detach().numpy() if torch.is_tensor(tensor) else np.asarray(tensor)
    integer = array.dtype.kind in "iu"
    data = np.ascontiguousarray(array).astype("<i4" if integer else "<f4").tobytes()
    return {
        "shape": list(array.shape),
        "dtype": "i32" if integer else "f32",
        "data": base64.b64encode(data).decode(),
    }


def encode_all(tensors):
    return {name: encode(tensor) for name, tensor in tensors.items()}


def case(draw, op, attrs, inputs, compute, differentiable=None, extra=None):
    """One golden case: outputs["y"] = compute(**inputs), and gradients of sum(y * dy).

    `differentiable` names the inputs that get gradients; all floating ones by default.
    `extra` are further outputs, given as values, without a gradient.
    """
    if differentiable is None:
        differentiable = [n for n, t in inputs.items() if t.is_floating_point()]
    leaves = {n: t.clone().requires_grad_(n in differentiable) for n, t in inputs.items()}
    y = compute(**leaves)
    record = {"op": op, "attrs": attrs, "inputs": encode_all(inputs), "outputs": encode_all({"y": y, **(extra or {})})}
    dy, grads = {}, {}
    if differentiable:
        dy = {"y": draw.normal(*y.shape)}
        (y * dy["y"]).sum().backward()
        grads = {n: leaves[n].grad for n in differentiable}
    return {**record, "dy": encode_all(dy), "grads": encode_all(grads)}


def write_json(path, value):
    """Compact, but one case a line, so that a change shows as the cases it touches."""
    target = GOLDENS / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if "cases" in value:
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in value["cases"])
        target.write_text('{"cases":[\n' + lines + "\n]}\n")
    else:
        target.write_text(json.dumps(value, separators=(",", ":")) + "\n")
