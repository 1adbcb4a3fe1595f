"""Golden cases of learning-rate schedules and of optimisers with parameter groups.

A schedule's output `rates` are the rates of steps 1, 2, …: torch's after 0, 1, … scheduler steps. Settings have our names.
"""
import torch
from torch.optim import lr_scheduler as torch_schedules

from common import encode_all

BASE = 0.3


def optimizer_of(rate):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], rate)


def rates_of(optimizer, scheduler, count):
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(rates, dtype=torch.float64)


def schedule_case(op, attrs, make, count):
    optimizer = optimizer_of(attrs["base"])
    return record(op, attrs, {}, {"rates": rates_of(optimizer, make(optimizer), count)})


def plain(draw):
    yield schedule_case("constant", {"base": BASE}, lambda o: torch_schedules.ConstantLR(o, factor=1.0), 5)
    for every, factor in [(3, 0.1), (1, 0.5), (4, 0.9)]:
        attrs = {"base": BASE, "every": every, "factor": factor}
        yield schedule_case("stepDecay", attrs, lambda o: torch_schedules.StepLR(o, every, factor), 12)
    for at, factor in [([2, 3, 7], 0.1), ([5], 0.3), ([2, 2, 9], 0.5)]:
        attrs = {"base": BASE, "at": at, "factor": factor}
        yield schedule_case("multiStep", attrs, lambda o: torch_schedules.MultiStepLR(o, at, factor), 12)
    attrs = {"base": BASE, "factor": 0.8}
    yield schedule_case("exponential", attrs, lambda o: torch_schedules.ExponentialLR(o, 0.8), 12)
    for steps, power in [(8, 1.0), (8, 2.0), (5, 0.9)]:
        attrs = {"base": BASE, "steps": steps, "power": power}
        yield schedule_case("polynomial", attrs, lambda o: torch_schedules.PolynomialLR(o, steps, power), 11)
    for steps, start in [(5, 0.01), (4, 1 / 3), (1, 0.5)]:
        attrs = {"base": BASE, "steps": steps, "from": start}
        yield schedule_case("linearWarmUp", attrs, lambda o: torch_schedules.LinearLR(o, start, 1.0, steps), 9)


def cosines(draw):
    for steps, least in [(10, 0.0), (7, 0.01), (1, 0.0)]:
        attrs = {"base": BASE, "steps": steps, "least": least}
        yield schedule_case("cosine", attrs, lambda o: torch_schedules.CosineAnnealingLR(o, steps, least), steps + 1)
    for steps, least, warm, start in [(12, 0.0, 4, 0.1), (9, 0.02, 1, 0.05), (20, 0.0, 5, 1 / 3)]:
        def make(o):
            parts = [torch_schedules.LinearLR(o, start, 1.0, warm), torch_schedules.CosineAnnealingLR(o, steps - warm, least)]
            return torch_schedules.SequentialLR(o, parts, [warm])
        attrs = {"base": BASE, "steps": steps, "least": least, "warmUp": warm, "warmUpFrom": start}
        yield schedule_case("cosine", attrs, make, steps + 1)


def one_cycles(draw):
    """`linear` stands for shape: 'linear'."""
    for steps, more in [
        (20, {}),
        (13, {"rise": 0.5, "initialDivisor": 10.0, "finalDivisor": 100.0}),
        (20, {"linear": True}),
        (20, {"threePhases": True}),
        (17, {"threePhases": True, "linear": True, "rise": 0.4}),
    ]:
        attrs = {"base": BASE, "steps": steps, **more}

        def make(o):
            return torch_schedules.OneCycleLR(
                o, BASE, steps, pct_start=more.get("rise", 0.3), div_factor=more.get("initialDivisor", 25.0),
                final_div_factor=more.get("finalDivisor", 1e4), three_phase=more.get("threePhases", False),
                anneal_strategy="linear" if more.get("linear") else "cos", cycle_momentum=False,
            )
        yield schedule_case("oneCycle", attrs, make, steps)


def plateaus(draw):
    """`max` stands for mode: 'max', `absolute` for thresholdMode: 'absolute'; rates are those after each metric."""
    falling = draw.uniform(0, 0.2, 40) + torch.linspace(1, 0.6, 40).float().double()
    for more in [
        {},
        {"patience": 2},
        {"patience": 0, "factor": 0.5, "cooldown": 3},
        {"patience": 1, "threshold": 0.05, "absolute": True, "least": 0.01},
        {"patience": 2, "max": True},
        {"patience": 1, "factor": 0.3, "smallest": 0.01},
    ]:
        optimizer = optimizer_of(BASE)
        scheduler = torch_schedules.ReduceLROnPlateau(
            optimizer, "max" if more.get("max") else "min", more.get("factor", 0.1), more.get("patience", 10),
            more.get("threshold", 1e-4), "abs" if more.get("absolute") else "rel", more.get("cooldown", 0),
            more.get("least", 0), more.get("smallest", 1e-8),
        )
        rates = []
        for metric in falling:
            scheduler.step(float(metric))
            rates.append(optimizer.param_groups[0]["lr"])
        outputs = {"rates": torch.tensor(rates, dtype=torch.float64)}
        yield record("ReduceOnPlateau", {"base": BASE, **more}, {"metrics": falling}, outputs)


STEPS = 4
# kind; settings of all; settings of the second group, which holds the parameters named *.bias
GROUPED = [
    ("adamw", {"weightDecay": 0.1}, {"weightDecay": 0.0}),
    ("adamw", {"weightDecay": 0.1}, {"learningRateScale": 0.1}),
    ("adam", {"weightDecay": 0.1}, {"weightDecay": 0.3, "learningRateScale": 2.0}),
    ("sgd", {"momentum": 0.9, "weightDecay": 0.1}, {"weightDecay": 0.0, "learningRateScale": 0.25}),
    ("sgd", {}, {"weightDecay": 0.2, "learningRateScale": 0.0}),
]
RATE = 0.05


def groups(draw):
    """Attributes of the second group are prefixed with `bias`; gradients and outputs are [steps, n]."""
    sizes = {"a.weight": 9, "a.bias": 3, "b.weight": 70, "b.bias": 5}
    for kind, settings, second in GROUPED:
        start = {name: draw.normal(size) for name, size in sizes.items()}
        gradients = {name: draw.normal(STEPS, size) for name, size in sizes.items()}
        leaves = {name: value.clone().requires_grad_() for name, value in start.items()}
        decay = settings.get("weightDecay", 0.0)
        parameter_groups = [
            {"params": [leaf for name, leaf in leaves.items() if not name.endswith("bias")]},
            {
                "params": [leaf for name, leaf in leaves.items() if name.endswith("bias")],
                "weight_decay": second.get("weightDecay", decay),
                "lr": RATE * second.get("learningRateScale", 1.0),
            },
        ]
        if kind == "sgd":
            optimizer = torch.optim.SGD(parameter_groups, RATE, settings.get("momentum", 0), weight_decay=decay)
        else:
            make = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
            optimizer = make(parameter_groups, RATE, weight_decay=decay)
        after = {name: [] for name in leaves}
        for step in range(STEPS):
            for name, leaf in leaves.items():
                leaf.grad = gradients[name][step].clone()
            optimizer.step()
            for name, leaf in leaves.items():
                after[name].append(leaf.detach().clone())
        attrs = {"learningRate": RATE, **settings, **{f"bias {name}": value for name, value in second.items()}}
        inputs = {**start, **{f"gradient {name}": value for name, value in gradients.items()}}
        yield record(kind, attrs, inputs, {name: torch.stack(values) for name, values in after.items()})


def record(op, attrs, inputs, outputs):
    return {"op": op, "attrs": attrs, "inputs": encode_all(inputs), "outputs": encode_all(outputs), "dy": {}, "grads": {}}


FAMILIES = {"schedule": [plain, cosines, one_cycles, plateaus], "optimGroups": [groups]}
