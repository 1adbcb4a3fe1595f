"""Golden cases of elementwise functions, broadcasting arithmetic, reductions and softmax."""
import torch

from common import case

UNARY = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "square": torch.square,
    "tanh": torch.tanh,
}
POSITIVE = ("log", "sqrt")
# put at the front of the inputs: a kink or a saturated end; the gradient at a kink is 0
EDGES = {"relu": [0.0], "abs": [0.0], "sigmoid": [-40.0, 40.0], "tanh": [-15.0, 15.0], "exp": [-30.0, 20.0]}
BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}
BROADCASTS = [
    ([2, 3, 5, 7], [2, 3, 5, 7]),
    ([2, 3, 5, 7], [7]),
    ([2, 3, 5, 7], []),
    ([2, 3, 5, 7], [2, 1, 1, 7]),
    ([5], [2, 3, 5]),
    ([2, 4, 4, 16], [16]),
]
REDUCE = [
    ([1], [0], False),
    ([7], [0], False),
    ([2, 3, 5, 7], [0, 1, 2, 3], False),
    ([2, 3, 5, 7], [0, 1, 2], False),
    ([2, 3, 5, 7], [1, 2], True),
    ([2, 3, 5, 7], [3], False),
    ([3, 5, 2], [1], True),
    ([2, 16, 16, 4], [0, 1, 2], False),
]
SOFTMAX = [[1, 1], [3, 5], [2, 3, 5, 4], [1, 4, 3, 10], [2, 2, 2, 37]]


def unary(draw):
    for op, function in UNARY.items():
        for shape in ([1], [2, 3, 5, 7], [257]):
            x = draw.uniform(0.01, 9, *shape) if op in POSITIVE else draw.normal(*shape, scale=2)
            edges = EDGES.get(op, [])
            if x.numel() > len(edges) and edges:
                x.view(-1)[: len(edges)] = torch.tensor(edges, dtype=x.dtype)
            yield case(draw, op, {}, {"x": x}, function)


def binary(draw):
    """Divisors stay away from 0."""
    for op, function in BINARY.items():
        for left, right in BROADCASTS:
            b = draw.uniform(0.5, 3, *right) if op == "div" else draw.normal(*right)
            yield case(draw, op, {}, {"a": draw.normal(*left), "b": b}, lambda a, b: function(a, b))


def reduce(draw):
    functions = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax}
    for op, function in functions.items():
        for shape, axes, keep in REDUCE:
            yield case(
                draw, op, {"axes": axes, "keepDims": keep}, {"x": draw.distinct(*shape)},
                lambda x: function(x, dim=axes, keepdim=keep),
            )


def softmax(draw):
    """Over the last axis; one row is shifted by 100, where a softmax without its maximum overflows."""
    for shape in SOFTMAX:
        x = draw.normal(*shape, scale=3)
        x.view(-1, shape[-1])[0] = (x.view(-1, shape[-1])[0] + 100).float().double()
        yield case(draw, "softmax", {}, {"x": x}, lambda x: torch.softmax(x, -1))
        yield case(draw, "logSoftmax", {}, {"x": x}, lambda x: torch.log_softmax(x, -1))


FAMILIES = {"unary": [unary], "binary": [binary], "reduce": [reduce], "softmax": [softmax]}
