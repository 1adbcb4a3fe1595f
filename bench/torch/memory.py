"""Peak bytes of the benchmark's train step in PyTorch on the CPU, beside what the step must hold from one to the next.

PyTorch counts its own CPU allocations only for its profiler: every allocation and release is an event with its size.
Their running sum over one step, after two that warm up, has its peak where the step needs most. Parameters, gradients,
Adam's moments and the batch were allocated before and are counted by their sizes. The step is the one of
bench/network.ts: optimizer.zero_grad(set_to_none=False), so that gradients stay where they are, as planewise's do.

    python3 memory.py BATCH SIDE WIDTH  ->  {"version", "peakBytes", "residentBytes", "stepBytes"}
"""
import json
import sys

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from network import UNet


def allocations(step):
    """Bytes, positive or negative, in the order in which PyTorch allocated and released them."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        step()
    events = found.profiler.kineto_results.events()
    memory = [event for event in events if event.name() == "[memory]"]
    memory.sort(key=lambda event: event.start_us())
    return [event.nbytes() for event in memory]


def peak_of(step, network, optimizer, batch):
    """Bytes at the peak of a step, those that are held from one to the next, and those of the step alone."""
    step()
    step()
    alive = peak = 0
    for nbytes in allocations(step):
        alive += nbytes
        peak = max(peak, alive)
    held = [p for p in network.parameters()] + [p.grad for p in network.parameters()] + list(network.buffers())
    held += [t for state in optimizer.state.values() for t in state.values() if torch.is_tensor(t)]
    resident = sum(t.numel() * t.element_size() for t in [*held, *batch])
    return {"peakBytes": resident + peak, "residentBytes": resident, "stepBytes": peak, "leftBytes": alive}


def main(batch, side, width):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = UNet(width)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    images, targets = torch.rand(batch, 1, side, side), torch.rand(batch, 2, side, side)

    def step():
        optimizer.zero_grad(set_to_none=False)
        loss = nn.functional.mse_loss(net(images), targets)
        loss.backward()
        optimizer.step()

    print(json.dumps({"version": torch.__version__, **peak_of(step, net, optimizer, [images, targets])}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
