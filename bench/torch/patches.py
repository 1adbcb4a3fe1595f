"""PyTorch as an engine of the benchmark on volumes, on one thread: the goldens' network on a batch that stays."""
import json
import pathlib
import sys
import time
import traceback

import torch

from network import read_arrays

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "goldens"))
from volumes import UNet, loss_of  # noqa: E402


class Step:
    def __init__(self, job):
        arrays = read_arrays(job["file"])
        self.images = arrays.pop("images").movedim(-1, 1).contiguous()
        self.labels = arrays.pop("labels").long()
        levels, counts = job["levels"], [2] * len(job["levels"])
        kernels, strides = [level["kernel"] for level in levels], [level["stride"] for level in levels]
        self.network = UNet(kernels, strides, job["channels"], counts, counts[1:], residual=False)
        self.network.load_state_dict(arrays)
        self.optimizer = torch.optim.Adam(self.network.parameters(), job["rate"])

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = loss_of(self.network(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    step = Step(json.loads(sys.stdin.readline()))
    say({"kind": "ready", "loss": step.run(), "facts": {}})
    while sys.stdin.readline():
        wall, cpu = time.perf_counter(), time.process_time()
        loss = step.run()
        milliseconds = [1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)]
        say({"kind": "step", "ms": milliseconds[0], "cpuMs": milliseconds[1], "loss": loss})


try:
    torch.set_num_threads(1)
    main()
except Exception as error:
    say({"kind": "failed", "reason": f"{type(error).__name__}: {error}\n{traceback.format_exc()}"})
