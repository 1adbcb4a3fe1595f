"""Weights of planewise in PyTorch and back: python3 torchweights.py GIVEN INPUT MADE

Reads the safetensors file GIVEN into the network that it is of, and INPUT, float32 [4, 1, 8, 8]; writes another network's
weights as MADE. Prints the outputs of both, as JSON. Needs Debian's python3-torch alone.
"""
import json
import struct
import sys

import numpy
import torch
from torch import nn

TYPES = {"F32": numpy.float32, "I64": numpy.int64}


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        state[name] = torch.from_numpy(values.copy())
    return state


def write(path, state):
    names = {torch.float32: "F32", torch.int64: "I64"}
    header, data = {}, b""
    for name, tensor in state.items():
        values = tensor.numpy().tobytes()
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def network():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))


given, images, made = sys.argv[1:]
x = torch.from_numpy(numpy.fromfile(images, numpy.float32).reshape(4, 1, 8, 8))
theirs = network()
theirs.load_state_dict(read(given))
torch.manual_seed(1)
own = network()
own(x)  # moves the running statistics
write(made, own.state_dict())
with torch.no_grad():
    print(json.dumps([net.eval()(x).flatten().tolist() for net in (theirs, own)]))
