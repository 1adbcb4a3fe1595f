"""PyTorch as an engine of the benchmark on the paper's other networks, on one thread: the goldens' networks, one image."""
import pathlib
import sys

import torch
from torch.nn.functional import mse_loss

from memory import peak_of
from network import read_arrays
from serve import serve

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "goldens"))
from networks import AlexnetUnet, Deeplab, ResnetUnet  # noqa: E402

NETWORKS = {"resnetUnet": ResnetUnet, "deeplab": Deeplab, "alexnetUnet": AlexnetUnet}
WIDTH = 64


class Step:
    def __init__(self, job):
        self.job = job
        arrays = read_arrays(job["file"])
        image, heat = (arrays.pop(name).movedim(-1, 1).contiguous() for name in ("image", "heat"))
        self.batch = [image, heat, arrays.pop("location")]
        self.network = NETWORKS[job["network"]](WIDTH)
        state = self.network.state_dict()
        self.network.load_state_dict({name: arrays[name].to(value.dtype) for name, value in state.items()})
        self.network.train()
        if job["network"] == "deeplab":
            # of one image it normalises one number, which PyTorch refuses; planewise takes the running statistics
            self.network.ASPP.global_pooling_bn.eval()
        self.optimizer = torch.optim.Adam(self.network.parameters(), job["rate"])

    def run(self):
        image, heat, location = self.batch
        self.optimizer.zero_grad(set_to_none=False)
        maps, place = self.network(image)
        loss = mse_loss(maps, heat) + mse_loss(place, location)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def facts(step):
    """Measured on a network of its own, for the one that takes turns must not take steps alone."""
    other = Step(step.job)
    return peak_of(other.run, other.network, other.optimizer, other.batch)


torch.set_num_threads(1)
serve(Step, facts)
