"""Golden cases of the optimisers: five steps on given gradients, and clipping by the global norm."""
import torch

from common import encode_all

STEPS = 5
ADAM = {"learningRate": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
SGD = {"learningRate": 0.1, "momentum": 0.9}
# op, attributes; weightDecay is L2 for adam and sgd, decoupled for adamw; l1 adds l1·sign(p) to the gradient
CASES = [
    ("adam", {**ADAM}),
    ("adam", {**ADAM, "weightDecay": 0.1}),
    ("adam", {**ADAM, "l1": 0.05}),
    ("adam", {**ADAM, "weightDecay": 0.1, "l1": 0.05}),
    ("adamw", {**ADAM, "weightDecay": 0.1}),
    ("sgd", {**SGD, "momentum": 0}),
    ("sgd", {**SGD}),
    ("sgd", {**SGD, "nesterov": True}),
    ("sgd", {**SGD, "weightDecay": 0.1}),
    ("sgd", {**SGD, "l1": 0.05}),
]


def make_optimizer(op, attrs, parameter):
    decay = attrs.get("weightDecay", 0)
    if op == "sgd":
        return torch.optim.SGD(
            [parameter], attrs["learningRate"], attrs["momentum"],
            weight_decay=decay, nesterov=attrs.get("nesterov", False),
        )
    kind = torch.optim.Adam if op == "adam" else torch.optim.AdamW
    return kind([parameter], attrs["learningRate"], (attrs["beta1"], attrs["beta2"]), attrs["epsilon"], decay)


def optimizer_case(op, attrs, start, gradients):
    parameter = start.clone().requires_grad_()
    optimizer = make_optimizer(op, attrs, parameter)
    after = []
    for gradient in gradients:
        parameter.grad = gradient + attrs.get("l1", 0) * torch.sign(parameter.detach())
        optimizer.step()
        after.append(parameter.detach().clone())
    inputs = {"parameter": start, "gradients": gradients}
    return record(op, attrs, inputs, {"parameters": torch.stack(after)})


def optimizers(draw):
    """`gradients` and `parameters` are [steps, n]; one parameter starts at 0, one gradient stays 0, one is tiny."""
    for op, attrs in CASES:
        start, gradients = draw.normal(13), draw.normal(STEPS, 13)
        start[3] = 0
        gradients[:, 5] = 0
        gradients[:, 7] = (gradients[:, 7] * 1e-6).float().double()
        yield optimizer_case(op, attrs, start, gradients)


def clipping(draw):
    """torch's rule: gradients times min(1, maxNorm / (norm + 1e-6)), norm over all tensors together."""
    for scale, max_norm in [(1.0, 1.0), (1.0, 100.0), (0.0, 1.0), (50.0, 5.0)]:
        gradients = {"a": draw.normal(3, 5, scale=scale), "b": draw.normal(7, scale=scale), "c": draw.normal(1, scale=scale)}
        leaves = {n: torch.zeros_like(g).requires_grad_() for n, g in gradients.items()}
        for name, leaf in leaves.items():
            leaf.grad = gradients[name].clone()
        norm = torch.nn.utils.clip_grad_norm_(list(leaves.values()), max_norm)
        outputs = {**{n: leaf.grad for n, leaf in leaves.items()}, "norm": norm}
        yield record("clipGradientNorm", {"maxNorm": max_norm}, gradients, outputs)


def record(op, attrs, inputs, outputs):
    return {"op": op, "attrs": attrs, "inputs": encode_all(inputs), "outputs": encode_all(outputs), "dy": {}, "grads": {}}


FAMILIES = {"optim": [optimizers, clipping]}
