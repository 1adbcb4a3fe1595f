"""PyTorch as an engine of the step benchmark: a job on a line of standard input, then a line for each step.

With --probe it only says, as JSON, which modes this machine can run."""
import sys

import torch

from network import UNet, images_and_targets, load_weights, read_arrays
from serve import say, serve

CPU_MODES = {"CPU, 1 thread": 1, "CPU, 2 threads": 2}
GPU_MODES = {
    "f32": {},
    "TF32": {"tf32": True},
    "bf16 channels-last": {"tf32": True, "bf16": True},
    "f32 compiled": {"compile": True},
    "bf16 channels-last compiled": {"tf32": True, "bf16": True, "compile": True},
}


def probe():
    cuda = torch.cuda.is_available()
    can_compile = hasattr(torch, "compile")
    modes = [mode for mode, how in GPU_MODES.items() if can_compile or not how.get("compile")]
    name = torch.cuda.get_device_name() if cuda else None
    cudnn = torch.backends.cudnn.version() if cuda else None
    found = {"version": torch.__version__, "gpu": name, "cudnn": cudnn}
    return {**found, "modes": modes if cuda else list(CPU_MODES)}


class Step:
    """Forward, mean squared error, backward, Adam, on a batch that stays on the device."""

    def __init__(self, job):
        mode = job["mode"]
        if mode in CPU_MODES:
            torch.set_num_threads(CPU_MODES[mode])
        how = GPU_MODES.get(mode, {})
        self.device = torch.device("cpu" if mode in CPU_MODES else "cuda")
        self.bf16 = how.get("bf16", False)
        torch.backends.cuda.matmul.allow_tf32 = how.get("tf32", False)
        torch.backends.cudnn.allow_tf32 = how.get("tf32", False)
        torch.backends.cudnn.benchmark = True
        layout = torch.channels_last if self.bf16 else torch.contiguous_format
        arrays = read_arrays(job["file"])
        network = load_weights(UNet(job["sizes"]["width"]), arrays)
        self.network = network.to(self.device, memory_format=layout)
        self.data = [x.to(self.device, memory_format=layout) for x in images_and_targets(arrays)]
        adam = job["adam"]
        self.optimizer = torch.optim.Adam(
            self.network.parameters(),
            lr=adam["learningRate"],
            betas=(adam["beta1"], adam["beta2"]),
            eps=adam["epsilon"],
        )
        self.forward = torch.compile(self.loss) if how.get("compile") else self.loss

    def loss(self):
        images, targets = self.data
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            maps = self.network(images)
        return torch.nn.functional.mse_loss(maps.float(), targets)

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward()
        loss.backward()
        self.optimizer.step()
        value = loss.item()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return value


def facts(step):
    if step.device.type != "cuda":
        return {}
    return {"peakBytes": torch.cuda.max_memory_allocated()}



if "--probe" in sys.argv:
    say(probe())
else:
    serve(Step, facts)
