"""Loads weights that planewise wrote, .safetensors or .npz, into the torch U-Net, strictly, and prints what it computes.

usage: check_weights.py WEIGHTS [IMAGES.safetensors] [--write OUTPUTS.safetensors]

IMAGES holds one tensor `images`, [N, H, W, 1]; without it the input is sin(0.1·i) over the
flat index i of [2, 32, 32, 1]. Runs in eval mode and prints one line of JSON: shapes, mean,
root mean square and first values of `heatmaps` [N, H, W, views] and `location` [N, 1].
A missing, unknown or misshapen tensor ends it with torch's message and a status of 1.
"""
import argparse
import json

import numpy
import torch

import safetensors_file
from common import nchw, nhwc
from network import UNet


def read(path):
    if not path.endswith(".npz"):
        return safetensors_file.read(path)
    with numpy.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def load(path):
    """The width and the number of views are read off the weights."""
    state = read(path)
    network = UNet(state["conv1.conv1.0.weight"].shape[0], state["final.weight"].shape[0])
    network.load_state_dict(state, strict=True)
    return network.eval()


def summary(tensor):
    flat = tensor.double().flatten()
    return {
        "shape": list(tensor.shape),
        "mean": flat.mean().item(),
        "rms": flat.square().mean().sqrt().item(),
        "first": flat[:4].tolist(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights")
    parser.add_argument("images", nargs="?")
    parser.add_argument("--write")
    options = parser.parse_args()
    network = load(options.weights)
    if options.images:
        images = safetensors_file.read(options.images)["images"]
    else:
        images = torch.sin(torch.arange(2 * 32 * 32, dtype=torch.float64) * 0.1).float().reshape(2, 32, 32, 1)
    with torch.no_grad():
        heatmaps, location = network(nchw(images))
    outputs = {"heatmaps": nhwc(heatmaps), "location": location}
    if options.write:
        safetensors_file.write(options.write, outputs)
    print(json.dumps({name: summary(tensor) for name, tensor in outputs.items()}))


if __name__ == "__main__":
    main()
