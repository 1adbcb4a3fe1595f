"""PyTorch as an engine of the benchmark on volumes, on one thread: the goldens' network on a batch that stays."""
import pathlib
import sys

import torch

from network import read_arrays
from serve import serve

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



torch.set_num_threads(1)
serve(Step)
