"""Writes test/goldens/sequential/: a small torch.nn.Sequential, one step of Adam, from torch in float64.

initial.safetensors    state dict before training (torch names and layouts, f32, num_batches_tracked i64)
gradients.safetensors  gradient of the step's cross entropy, of every parameter
final.safetensors      state dict after the step
and test/goldens/ops/sequential.json: images and labels, outputs in eval mode with the initial state, and in the step.
"""
import copy

import torch
import torch.nn.functional as F
from torch import nn

import safetensors_file
from common import GOLDENS, Draw, encode_all, nchw, write_json

LEARNING_RATE = 1e-2


def make_network():
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False), nn.GroupNorm(3, 12), nn.SiLU()),
        nn.ConvTranspose2d(12, 6, 2, stride=2),
        nn.InstanceNorm2d(6, affine=True),
        nn.GELU(),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.AvgPool2d(2),
        nn.LayerNorm([6, 4, 4]),
        nn.Flatten(),
        nn.Dropout(0),
        nn.Linear(96, 5),
    )
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.dim() != 2 and parameter.dim() != 4:
                parameter.add_(torch.randn(parameter.shape) * 0.3)
        network[1].running_mean.normal_(0, 0.3)
        network[1].running_var.uniform_(0.5, 2)
    return network


def main():
    network = make_network()
    initial = copy.deepcopy(network.state_dict())
    draw = Draw("sequential")
    images, labels = draw.normal(6, 8, 8, 2), draw.integers(0, 5, 6)
    network.double().eval()
    evaluated = network(nchw(images)).detach()
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    logits = network(nchw(images))
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    gradients = {n: p.grad.clone() for n, p in network.named_parameters()}
    optimizer.step()
    folder = GOLDENS / "sequential"
    safetensors_file.write(folder / "initial.safetensors", initial, {"format": "pt"})
    safetensors_file.write(folder / "gradients.safetensors", gradients)
    safetensors_file.write(folder / "final.safetensors", network.state_dict(), {"format": "pt"})
    outputs = {"evaluated": evaluated, "logits": logits, "loss": loss}
    write_json("ops/sequential.json", {"cases": [{
        "op": "sequential",
        "attrs": {"learningRate": LEARNING_RATE},
        "inputs": encode_all({"images": images, "labels": labels.int()}),
        "outputs": encode_all(outputs), "dy": {}, "grads": {},
    }]})


if __name__ == "__main__":
    main()
