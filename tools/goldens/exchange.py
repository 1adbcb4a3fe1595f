"""Writes test/goldens/exchange: the trained torch U-Net as numpy.savez has it, and arrays of every kind.

usage: exchange.py (after unet.py; no random numbers: the same bytes every time)

`unet.npz` is test/goldens/unet/final.safetensors; run.json there has its outputs. `kinds.npz` holds
one array of 2x3x4 numbers, (index - 11) / 8, in every type, order and byte order that is read.
`objects.npz`, `strings.npz` and `scalar.npy` are to be refused.
"""
import numpy

import safetensors_file
from common import GOLDENS

FOLDER = GOLDENS / "exchange"


def kinds():
    values = (numpy.arange(24, dtype=numpy.float64).reshape(2, 3, 4) - 11) / 8
    arrays = {}
    for kind in ["f2", "f4", "f8"]:
        for name, order in [("little", "<"), ("big", ">")]:
            arrays[f"{kind}.{name}"] = values.astype(order + kind)
            arrays[f"{kind}.{name}.fortran"] = numpy.asfortranarray(values.astype(order + kind))
    whole = numpy.arange(24).reshape(2, 3, 4)
    for kind in ["|i1", "|u1", "<i2", ">i4", "<i8", ">u2", "<u4", "<u8"]:
        arrays[f"{kind[1:]}"] = whole.astype(kind)
    arrays["one"] = numpy.float32(1.5)
    arrays["none"] = numpy.zeros((0, 3), numpy.float32)
    return arrays


def main():
    FOLDER.mkdir(exist_ok=True)
    state = safetensors_file.read(GOLDENS / "unet" / "final.safetensors")
    numpy.savez(FOLDER / "unet.npz", **{name: tensor.numpy() for name, tensor in state.items()})
    numpy.savez(FOLDER / "kinds.npz", **kinds())
    numpy.savez_compressed(FOLDER / "packed.npz", **kinds())
    numpy.savez(FOLDER / "objects.npz", good=numpy.zeros(2, numpy.float32), bad=numpy.array([{}, None], object))
    numpy.savez(FOLDER / "strings.npz", names=numpy.array(["a", "bc"]))
    numpy.save(FOLDER / "scalar.npy", numpy.float32(2))


if __name__ == "__main__":
    main()
