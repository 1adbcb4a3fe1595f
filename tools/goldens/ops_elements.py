"""Golden cases of element-wise functions of every kind of float, choices, whole numbers, axes, batches of products."""
import torch
import torch.nn.functional as F

from common import as_input, case

NAN, INF = float("nan"), float("inf")
SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5]
SPECIAL += [1e-5, -1e-5, 30.0, -30.0, 1000.0, -1000.0]
UNARY = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "square": torch.square,
    "tanh": torch.tanh,
    "leakyRelu": F.leaky_relu,
    "elu": F.elu,
    "silu": F.silu,
    "gelu": F.gelu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "softplus": F.softplus,
    "negate": torch.neg,
    "reciprocal": torch.reciprocal,
    "rsqrt": torch.rsqrt,
    "sign": torch.sign,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "sin": torch.sin,
    "cos": torch.cos,
}
# far from 0, where the function or its gradient has no end
POSITIVE = ("log", "sqrt", "rsqrt", "reciprocal")
CLASSES = {"isNaN": torch.isnan, "isFinite": torch.isfinite}
EXPONENTS = [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 2.5, -1.5, 40.0]
CLAMPS = [(-0.5, 1.5), (-INF, 0.5), (0.0, INF), (1.0, -1.0)]
BROADCASTS = [
    ([2, 3, 5, 7], [2, 3, 5, 7]),
    ([2, 3, 5, 7], [7]),
    ([2, 1, 5, 8], [3, 1, 8]),
    ([], [2, 3, 5]),
]
CHOICES = {"minimum": torch.minimum, "maximum": torch.maximum}
ARITHMETIC = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "minimum": lambda a, b: torch.minimum(torch.as_tensor(a), torch.as_tensor(b)),
    "maximum": lambda a, b: torch.maximum(torch.as_tensor(a), torch.as_tensor(b)),
}
COMPARISONS = {
    "greater": torch.gt,
    "greaterEqual": torch.ge,
    "less": torch.lt,
    "lessEqual": torch.le,
    "equal": torch.eq,
    "notEqual": torch.ne,
}
WHOLE = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": lambda a, b: torch.div(a, b, rounding_mode="trunc"),
    "remainder": torch.remainder,
    "minimum": torch.minimum,
    "maximum": torch.maximum,
}
PERMUTATIONS = [
    ([3, 5], [1, 0]),
    ([2, 8, 12], [0, 2, 1]),
    ([2, 3, 4, 5], [0, 3, 1, 2]),
    ([2, 3, 4, 8], [2, 0, 1, 3]),
    ([4, 1, 3, 1], [1, 2, 3, 0]),
]
PRODUCTS = [
    ([2, 3, 5, 7], [2, 3, 7, 4], False, False),
    ([2, 8, 12], [2, 12, 16], False, False),
    ([3, 4, 5], [5, 6], False, False),
    ([4, 5], [3, 5, 6], False, False),
    ([2, 1, 4, 8], [3, 8, 4], False, False),
    ([2, 5, 4], [2, 5, 3], True, False),
    ([2, 4, 8], [2, 12, 8], False, True),
    ([2, 8, 4], [2, 12, 8], True, True),
    ([5, 3], [7, 5], True, True),
    ([2, 3, 5], [7, 5], False, True),
]


def special(draw):
    x = as_input(SPECIAL)
    for op, function in UNARY.items():
        yield case(draw, op, {}, {"x": x}, lambda x: function(x))
    for op, function in CLASSES.items():
        yield case(draw, op, {}, {"x": x}, lambda x: function(x), differentiable=[])


def ordinary(draw):
    for op, function in UNARY.items():
        x = draw.uniform(0.1, 9, 2, 3, 7) if op in POSITIVE else draw.normal(2, 3, 7, scale=3)
        yield case(draw, op, {}, {"x": x}, lambda x: function(x))


def constants(draw):
    """Functions with constants. Powers of small numbers are left out where they are huge."""
    for exponent in EXPONENTS:
        low, high = (0.9, 1.1) if exponent == 40 else (0.3, 2)
        negative = exponent == int(exponent)
        x = draw.uniform(low, high, 3, 7)
        if negative:
            x[::2] *= -1
        yield case(draw, "pow", {"exponent": exponent}, {"x": x}, lambda x: x**exponent)
        yield case(draw, "pow", {"exponent": exponent}, {"x": as_input(SPECIAL[:13])}, lambda x: x**exponent)
    for low, high in CLAMPS:
        bounds = {name: value for name, value in (("min", low), ("max", high)) if abs(value) < INF}
        yield case(draw, "clamp", bounds, {"x": as_input(SPECIAL)}, lambda x: torch.clamp(x, **bounds))


def choices(draw):
    """Some of the elements are equal."""
    for op, function in CHOICES.items():
        for left, right in BROADCASTS:
            a, b = draw.normal(*left), draw.normal(*right)
            a, b = torch.round(a * 2) / 2, torch.round(b * 2) / 2
            yield case(draw, op, {}, {"a": a, "b": b}, lambda a, b: function(a, b))
        a, b = as_input([NAN, 1, NAN, INF, -INF, INF]), as_input([1, NAN, NAN, INF, INF, -2])
        yield case(draw, op, {}, {"a": a, "b": b}, lambda a, b: function(a, b))
    for left, right in BROADCASTS:
        inputs = {"a": draw.uniform(0.3, 2, *left), "b": draw.uniform(-2, 2, *right)}
        yield case(draw, "pow", {}, inputs, lambda a, b: a**b)
    a = as_input([0, 0, 0, -2, -2, NAN, 1, 1, INF, INF, -INF, 0.5, 2, 3])
    b = as_input([2, 0, -1, 3, 0.5, 0, NAN, INF, 2, -1, 3, INF, INF, 0])
    yield case(draw, "pow", {}, {"a": a, "b": b}, lambda a, b: a**b)


def numbers(draw):
    """A tensor and a number, on either side."""
    for op, function in ARITHMETIC.items():
        for scalar in (2.0, 0.75):
            x = draw.uniform(0.3, 2, 3, 5, 2)
            right, left = ({"scalar": scalar, "swapped": swapped} for swapped in (False, True))
            yield case(draw, op, right, {"x": x}, lambda x: function(x, scalar))
            yield case(draw, op, left, {"x": x}, lambda x: function(scalar, x))


def where(draw):
    for condition, a, b in (
        ([2, 3, 5], [2, 3, 5], [2, 3, 5]),
        ([3, 1], [2, 3, 5], [5]),
        ([2, 3, 8], [1, 8], []),
    ):
        inputs = {"condition": draw.integers(0, 2, *condition), "a": draw.normal(*a), "b": draw.normal(*b)}
        yield case(draw, "where", {}, inputs, lambda condition, a, b: torch.where(condition > 0, a, b))


def compare(draw):
    for op, function in COMPARISONS.items():
        for left, right in BROADCASTS:
            inputs = {"a": draw.integers(-2, 3, *left).double(), "b": draw.integers(-2, 3, *right).double()}
            yield case(draw, op, {}, inputs, lambda a, b: function(a, b), differentiable=[])
        inputs = {"a": as_input([NAN, 1, NAN, INF, -INF, 0.0]), "b": as_input([1, NAN, NAN, INF, INF, -0.0])}
        yield case(draw, op, {}, inputs, lambda a, b: function(a, b), differentiable=[])


def whole(draw):
    for op, function in WHOLE.items():
        for left, right in BROADCASTS:
            b = draw.integers(1, 6, *right) * (2 * draw.integers(0, 2, *right) - 1)
            inputs = {"a": draw.integers(-20, 21, *left), "b": b}
            yield case(draw, op, {}, inputs, lambda a, b: function(a, b))


def axes(draw):
    for shape, order in PERMUTATIONS:
        yield case(draw, "permute", {"axes": order}, {"x": draw.normal(*shape)}, lambda x: x.permute(order))
        yield case(draw, "flip", {"axes": order[:2]}, {"x": draw.normal(*shape)}, lambda x: x.flip(order[:2]))


def products(draw):
    for left, right, across, down in PRODUCTS:
        turn = lambda x, turned: x.transpose(-1, -2) if turned else x
        yield case(
            draw, "matmul", {"transposeA": across, "transposeB": down},
            {"a": draw.normal(*left), "b": draw.normal(*right)},
            lambda a, b: torch.matmul(turn(a, across), turn(b, down)),
        )
    for shape in ([3, 5], [2, 3, 5], [2, 1, 4, 5]):
        inputs = {"x": draw.normal(*shape), "weight": draw.normal(5, 6), "bias": draw.normal(6)}
        yield case(draw, "linear", {}, inputs, lambda x, weight, bias: torch.matmul(x, weight) + bias)


def labels(draw):
    for shape, classes in (([7], 3), ([2, 3], 5)):
        inputs = {"labels": draw.integers(0, classes, *shape)}
        encoded = lambda labels: F.one_hot(labels, classes).double()
        yield case(draw, "oneHot", {"classes": classes}, inputs, encoded, differentiable=[])


FAMILIES = {
    "elements": [special, ordinary, constants],
    "operands": [choices, numbers, where],
    "compare": [compare, labels],
    "whole": [whole],
    "axes": [axes],
    "products": [products],
}
