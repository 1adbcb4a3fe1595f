"""Golden cases of losses and likeness of two tensors, and of PReLU."""
import torch
import torch.nn.functional as F

from common import as_input, case

NAN, INF = float("nan"), float("inf")
SHAPES = ([1], [5, 3], [2, 5, 7, 3], [3, 4, 8])
REDUCTIONS = ("mean", "sum", "batchmean")


def kl(draw):
    """Distributions along the last axis, some of whose targets are 0."""
    for index, shape in enumerate(SHAPES):
        for reduction in REDUCTIONS:
            prediction = as_input(draw.normal(*shape).log_softmax(-1).numpy())
            target = draw.normal(*shape).softmax(-1)
            attrs = {reduction: True, "logTarget": False}
            if index % 2:
                zeros = as_input((target * (draw.uniform(0, 1, *shape) > 0.3)).numpy())
                inputs = {"prediction": prediction, "target": zeros}
                compute = lambda prediction, target: F.kl_div(prediction, target, reduction=reduction)
                yield case(draw, "klDivergence", attrs, inputs, compute, ["prediction"])
                continue
            inputs = {"prediction": prediction, "target": as_input(target.numpy())}
            yield case(
                draw, "klDivergence", attrs, inputs,
                lambda prediction, target: F.kl_div(prediction, target, reduction=reduction),
            )
            inputs = {"prediction": prediction, "target": as_input(target.log().numpy())}
            yield case(
                draw, "klDivergence", {**attrs, "logTarget": True}, inputs,
                lambda prediction, target: F.kl_div(prediction, target, reduction=reduction, log_target=True),
            )


def logistic(draw):
    """Scores far apart too."""
    for shape in SHAPES:
        inputs = {"higher": draw.normal(*shape, scale=9), "lower": draw.normal(*shape, scale=9)}
        yield case(draw, "pairwiseLogistic", {}, inputs, lambda higher, lower: F.softplus(lower - higher).mean())


def contrastive(draw):
    """Hadsell, Chopra and LeCun 2006, eq. 4; no distance is at the margin."""
    for margin in (1.0, 0.7):
        for shape in SHAPES:
            inputs = {"distance": draw.uniform(0, 2, *shape), "same": draw.integers(0, 2, *shape).double()}

            def compute(distance, same):
                return (same * distance**2 + (1 - same) * F.relu(margin - distance) ** 2).mean() / 2

            yield case(draw, "contrastiveMargin", {"margin": margin}, inputs, compute)


def likeness(draw):
    for function, op in ((F.cosine_similarity, "cosineSimilarity"), (F.pairwise_distance, "pairwiseDistance")):
        for left, right in (([5, 3], [5, 3]), ([4, 8], [4, 8]), ([1, 7], [6, 7])):
            inputs = {"a": draw.normal(*left), "b": draw.normal(*right)}
            yield case(draw, op, {}, inputs, lambda a, b: function(a, b))
    inputs = {"a": draw.normal(3, 5, 4), "b": draw.normal(5, 4)}
    yield case(draw, "cosineSimilarity", {"axis": 1}, inputs, lambda a, b: F.cosine_similarity(a, b, dim=1))
    inputs = {"a": draw.normal(2, 3), "b": draw.normal(2, 3)}
    inputs["a"][1] = inputs["b"][1]
    yield case(draw, "pairwiseDistance", {}, inputs, lambda a, b: F.pairwise_distance(a, b))


def prelu(draw):
    for shape, slopes in (([2, 5, 7, 3], 3), ([2, 5, 7, 3], 1), ([3, 8], 8), ([4, 4, 1], 1), ([7], 1)):
        inputs = {"x": draw.normal(*shape), "slope": draw.normal(slopes)}
        channels_first = lambda x: x.movedim(-1, 1) if x.ndim > 1 else x
        channels_last = lambda y: y.movedim(1, -1) if y.ndim > 1 else y
        yield case(draw, "prelu", {}, inputs, lambda x, slope: channels_last(F.prelu(channels_first(x), slope)))
    inputs = {"x": as_input([NAN, INF, -INF, 0.0, -0.0, 2, -2]), "slope": as_input([0.25])}
    yield case(draw, "prelu", {}, inputs, lambda x, slope: F.prelu(x, slope), ["x"])


FAMILIES = {"pairs": [kl, logistic, contrastive, likeness], "prelu": [prelu]}
