"""Golden cases of losses with options: by element, of logits with probabilities, and of logits with classes."""
import torch
import torch.nn.functional as F

from common import case

SHAPES = ([1], [5, 3], [2, 5, 7, 3], [2, 8, 8, 4])


def reduced(terms, mask, reduction):
    """Σ mask·term, divided by Σ mask for the mean; 0 where that is 0."""
    mask = torch.ones_like(terms) if mask is None else mask
    total = torch.where(mask == 0, torch.zeros_like(terms), terms * mask).sum()
    return total if reduction == "sum" else total / mask.sum() if mask.sum() > 0 else 0 * total


def attrs_of(sums, **rest):
    """`sum` where the reduction is the sum: the attributes of a case are numbers and flags."""
    return {**rest, **({"sum": True} if sums else {})}


def mask_of(draw, shape):
    mask = (draw.uniform(0, 1, *shape) < 0.6).double()
    mask.view(-1)[0] = 1
    return mask


def differences(draw):
    """Both sides have a gradient."""
    functions = {
        "mse": (F.mse_loss, {}),
        "l1": (F.l1_loss, {}),
        "smoothL1": (F.smooth_l1_loss, {"beta": 0.3}),
        "huber": (F.huber_loss, {"delta": 0.6}),
    }
    for op, (function, settings) in functions.items():
        for index, shape in enumerate(SHAPES):
            inputs = {"prediction": draw.normal(*shape), "target": draw.normal(*shape)}
            if index % 2:
                inputs["mask"] = mask_of(draw, shape)
            sums = index == 2
            yield case(
                draw, op, attrs_of(sums, **settings), inputs,
                lambda prediction, target, mask=None: reduced(
                    function(prediction, target, reduction="none", **settings), mask, "sum" if sums else "mean"
                ),
                ["prediction", "target"],
            )
    shape = [3, 5]
    inputs = {"prediction": draw.normal(*shape), "target": draw.normal(*shape)}
    yield case(
        draw, "smoothL1", {"beta": 0}, inputs,
        lambda prediction, target: F.smooth_l1_loss(prediction, target, beta=0), ["prediction", "target"],
    )


def binary(draw):
    """Soft targets and hard ones, extreme logits, weights of what is positive for all and by class."""
    for index, shape in enumerate(SHAPES):
        targets = draw.uniform(0, 1, *shape) if index % 2 else draw.integers(0, 2, *shape).double()
        logits = draw.normal(*shape, scale=3)
        if logits.numel() > 3:
            logits.view(-1)[:3] = torch.tensor([40.0, -40.0, 0.0], dtype=torch.float64)
        inputs = {"logits": logits, "targets": targets}
        yield case(
            draw, "bceWithLogits", {}, inputs,
            lambda logits, targets: F.binary_cross_entropy_with_logits(logits, targets),
        )
        weights = {"posWeight": draw.uniform(0.3, 4, shape[-1]), "mask": mask_of(draw, shape)}
        sums = index == 1
        yield case(
            draw, "bceWithLogits", attrs_of(sums), {**inputs, **weights},
            lambda logits, targets, posWeight, mask: reduced(
                F.binary_cross_entropy_with_logits(logits, targets, pos_weight=posWeight, reduction="none"),
                mask, "sum" if sums else "mean",
            ),
            ["logits", "targets"],
        )


def sigmoid_focal(logits, targets, alpha, gamma):
    """As torchvision.ops.sigmoid_focal_loss; alpha below 0 weighs nothing."""
    p = torch.sigmoid(logits)
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    loss = loss * (1 - (p * targets + (1 - p) * (1 - targets))) ** gamma
    return loss if alpha < 0 else (alpha * targets + (1 - alpha) * (1 - targets)) * loss


def focal(draw):
    for shape, alpha, gamma in [
        ([1], 0.25, 2), ([5, 3], -1, 2), ([2, 5, 7, 3], 0.6, 1.5), ([2, 8, 8, 4], 0.25, 0.5), ([4, 4], 0.25, 0),
        ([4, 3], 0.5, 1),
    ]:
        # soft targets stay away from where a root has no slope
        targets = draw.uniform(0.1, 0.9, *shape) if gamma < 1 else draw.integers(0, 2, *shape).double()
        inputs = {"logits": draw.normal(*shape, scale=2), "targets": targets}
        yield case(
            draw, "sigmoidFocal", {"alpha": alpha, "gamma": gamma}, inputs,
            lambda logits, targets: sigmoid_focal(logits, targets, alpha, gamma).mean(),
        )


def labels_of(draw, shape, ignored):
    labels = draw.integers(0, shape[-1], *shape[:-1])
    if ignored is not None:
        labels[draw.uniform(0, 1, *shape[:-1]) < 0.2] = ignored
    return labels


def cross_entropy(draw):
    """Weights, smoothing, what is ignored and reductions together."""
    for shape, weighted, ignored, smoothing, reduction in [
        ([1, 1], False, None, 0, "sum"), ([6, 5], False, -100, 0.1, "mean"), ([6, 5], True, 255, 0.3, "sum"),
        ([2, 5, 7, 4], True, -1, 0.1, "mean"), ([2, 5, 7, 4], True, -100, 0, "none"), ([7, 3], False, 0, 0, "mean"),
        ([3, 3, 10], True, 3, 0.2, "none"), ([4, 6], False, None, 1, "mean"),
    ]:
        inputs = {"logits": draw.normal(*shape, scale=2), "labels": labels_of(draw, shape, ignored)}
        if weighted:
            inputs["classWeights"] = draw.uniform(0.2, 3, shape[-1])
        index = -100 if ignored is None else ignored
        attrs = {"ignoreIndex": index, "labelSmoothing": smoothing}
        attrs = {**attrs, **({reduction: True} if reduction != "mean" else {})}

        def value(logits, labels, classWeights=None):  # noqa: N803 (our names)
            y = F.cross_entropy(
                logits.reshape(-1, shape[-1]), labels.reshape(-1), classWeights, ignore_index=index,
                label_smoothing=smoothing, reduction=reduction,
            )
            return y.reshape(labels.shape) if reduction == "none" else y

        yield case(draw, "crossEntropy", attrs, inputs, value, ["logits"])


def softmax_focal(draw):
    for shape, weighted, ignored, gamma, sums in [
        ([1, 1], False, None, 2, False), ([6, 5], True, -100, 2, False), ([2, 5, 7, 4], False, 255, 0.5, True),
        ([2, 5, 7, 4], True, None, 1.5, False), ([5, 3], False, None, 0, False), ([5, 3], True, None, 1, True),
    ]:
        inputs = {"logits": draw.normal(*shape, scale=2), "labels": labels_of(draw, shape, ignored)}
        if weighted:
            inputs["alpha"] = draw.uniform(0.2, 3, shape[-1])
        index = -100 if ignored is None else ignored

        def value(logits, labels, alpha=None):
            flat = labels.reshape(-1)
            counted = flat != index
            log_p = torch.log_softmax(logits.reshape(-1, shape[-1]), -1)[counted]
            flat = flat[counted]
            v = log_p.gather(1, flat[:, None])[:, 0]
            loss = -((1 - v.exp()) ** gamma) * v * (1 if alpha is None else alpha[flat])
            return loss.sum() if sums else loss.mean()

        yield case(draw, "softmaxFocal", attrs_of(sums, gamma=gamma, ignoreIndex=index), inputs, value, ["logits"])


def soft_dice(logits, labels, index, epsilon, background, per_image):
    """1 - mean of (2·Σpt + ε)/(Σp + Σt + ε), sums over what counts of the batch or of each image."""
    classes = logits.shape[-1]
    groups = logits.shape[0] if per_image else 1
    counted = (labels != index).double().reshape(groups, -1, 1)
    p = torch.softmax(logits, -1).reshape(groups, -1, classes) * counted
    t = F.one_hot(torch.where(labels == index, 0, labels), classes).to(p.dtype).reshape(groups, -1, classes) * counted
    score = (2 * (p * t).sum(1) + epsilon) / (p.sum(1) + t.sum(1) + epsilon)
    return 1 - score[:, 0 if background else 1 :].mean()


def dice(draw):
    for shape, ignored, epsilon, background, per_image in [
        ([1, 2], None, 1, True, False), ([2, 5, 7, 4], 255, 0.5, False, False), ([3, 5, 7, 3], -100, 1, True, True),
        ([3, 9, 2], -1, 1e-5, False, True), ([2, 8, 8, 5], None, 1, False, False),
    ]:
        inputs = {"logits": draw.normal(*shape, scale=2), "labels": labels_of(draw, shape, ignored)}
        index = -100 if ignored is None else ignored
        attrs = {"ignoreIndex": index, "epsilon": epsilon, "background": background, "perImage": per_image}
        yield case(
            draw, "softDice", attrs, inputs,
            lambda logits, labels: soft_dice(logits, labels, index, epsilon, background, per_image),
        )


FAMILIES = {
    "elementLoss": [differences],
    "logitLoss": [binary, focal],
    "classLoss": [cross_entropy, softmax_focal, dice],
}
