"""Golden cases of the losses; `line_heatmap_mse` is also the U-Net golden's loss."""
import torch
import torch.nn.functional as F

from common import as_input, case


def line_heatmap(lines, height, width, sigma):
    """[N, V, 3] lines a·x + b·y + d to [N, H, W, V] of exp(-distance²/(2σ²)); x is the column."""
    y = torch.arange(height, dtype=lines.dtype).view(1, height, 1, 1)
    x = torch.arange(width, dtype=lines.dtype).view(1, 1, width, 1)
    a, b, d = (lines[:, None, None, :, i] for i in range(3))
    return torch.exp(-((a * x + b * y + d) ** 2) / (2 * sigma**2))


def line_heatmap_mse(prediction, lines, mask, sigma):
    """Mean squared error over the channels that count; 0 when none does."""
    _, height, width, _ = prediction.shape
    target = line_heatmap(lines, height, width, sigma)
    error = (prediction - target) ** 2 * mask[:, None, None, :]
    return error.sum() / torch.clamp(mask.sum() * height * width, min=1)


def soft_dice(logits, target, epsilon=1.0):
    """1 - mean over classes of (2·Σpt + ε)/(Σp + Σt + ε), sums over batch and pixels."""
    classes = logits.shape[-1]
    p = torch.softmax(logits, -1).reshape(-1, classes)
    t = F.one_hot(target.reshape(-1), classes).to(p.dtype)
    return 1 - ((2 * (p * t).sum(0) + epsilon) / (p.sum(0) + t.sum(0) + epsilon)).mean()


def random_lines(draw, batch, channels, height, width):
    """Lines through points of the image, at any angle, a² + b² = 1."""
    angle = draw.uniform(0, 3.14159, batch, channels)
    x, y = draw.uniform(0, width - 1, batch, channels), draw.uniform(0, height - 1, batch, channels)
    a, b = torch.cos(angle), torch.sin(angle)
    return as_input(torch.stack([a, b, -(a * x + b * y)], -1).numpy())


def regression(draw):
    for shape in ([1], [4, 1], [2, 5, 7, 3], [2, 8, 8, 4]):
        inputs = {"prediction": draw.normal(*shape), "target": draw.normal(*shape)}
        yield case(draw, "mse", {}, inputs, lambda prediction, target: F.mse_loss(prediction, target), ["prediction"])
        for beta in (1.0, 0.5):
            yield case(
                draw, "smoothL1", {"beta": beta}, inputs,
                lambda prediction, target: F.smooth_l1_loss(prediction, target, beta=beta), ["prediction"],
            )


def cross_entropy(draw):
    """Weighted mean over the pixels whose target is not ignoreIndex."""
    for shape, weighted, ignored in [
        ([1, 1], False, False), ([6, 5], False, False), ([6, 5], True, False),
        ([2, 5, 7, 4], False, True), ([2, 5, 7, 4], True, True), ([1, 8, 8, 10], True, True),
    ]:
        target = draw.integers(0, shape[-1], *shape[:-1])
        if ignored:
            target[draw.uniform(0, 1, *shape[:-1]) < 0.2] = -1
        inputs = {"logits": draw.normal(*shape, scale=2), "target": target}
        if weighted:
            inputs["classWeights"] = draw.uniform(0.2, 3, shape[-1])
        yield case(draw, "crossEntropy", {"ignoreIndex": -1}, inputs, cross_entropy_value, ["logits"])


def cross_entropy_value(logits, target, classWeights=None):  # noqa: N803 (our names)
    flat = logits.reshape(-1, logits.shape[-1])
    return F.cross_entropy(flat, target.reshape(-1), classWeights, ignore_index=-1)


def dice(draw):
    for shape in ([1, 1, 1, 2], [2, 5, 7, 4], [1, 8, 8, 10]):
        inputs = {"logits": draw.normal(*shape, scale=2), "target": draw.integers(0, shape[-1], *shape[:-1])}
        yield case(draw, "softDice", {"epsilon": 1}, inputs, lambda logits, target: soft_dice(logits, target))


def heatmaps(draw):
    for batch, height, width, views, sigma, masked in [
        (1, 1, 1, 1, 1.0, None), (2, 7, 5, 2, 1.5, None), (3, 9, 11, 3, 2.0, (1, 2)),
        (2, 5, 6, 2, 1.5, "all"), (1, 16, 16, 2, 6.0, None),
    ]:
        lines = random_lines(draw, batch, views, height, width)
        mask = torch.ones(batch, views, dtype=torch.float64)
        if masked == "all":
            mask[:] = 0
        elif masked:
            mask[masked] = 0
            lines[masked] = 0
        inputs = {"prediction": draw.normal(batch, height, width, views, scale=0.5), "lines": lines, "mask": mask}
        attrs = {"sigma": sigma}
        yield case(
            draw, "lineHeatmapMse", attrs, inputs,
            lambda prediction, lines, mask: line_heatmap_mse(prediction, lines, mask, sigma), ["prediction"],
        )
        shape = {"height": height, "width": width}
        yield case(
            draw, "lineHeatmap", {**attrs, **shape}, {"lines": lines},
            lambda lines: line_heatmap(lines, height, width, sigma), [],
        )


FAMILIES = {"loss": [regression, cross_entropy, dice, heatmaps]}
