"""Writes test/goldens/unet/: one multitask training run of the U-Net at width 4, from torch in float64.

initial.safetensors    state dict before training (torch names and layouts, f32, num_batches_tracked i64)
gradients.safetensors  gradient of the first step's total loss, of every parameter that is used
final.safetensors      state dict after 20 Adam steps on the one batch
run.json               batch, outputs and loss terms (train mode, first step), losses of all steps,
                       outputs in eval mode with final.safetensors, how far torch's own float32 run
                       strays, and the margin that keeps rounding from changing the side of a ReLU
"""
import copy

import torch
import torch.nn.functional as F

import safetensors_file
from common import GOLDENS, Draw, as_input, encode_all, nchw, nhwc, write_json
from network import UNet, initialise
from ops_loss import line_heatmap_mse, random_lines

WIDTH, VIEWS, BATCH, SIZE = 4, 2, 4, 32
SIGMA, LEARNING_RATE, STEPS = 1.5, 1e-3, 20
# chosen among 3000: ReLUs and maxima far from a change of side (see `margin`), so that float32
# follows float64 through all steps to 1e-6 of the loss
SEED = 1899


def make_batch():
    """Noise with a bright band along each line, z-scored, so that there is something to learn."""
    draw = Draw("unet")
    lines = random_lines(draw, BATCH, VIEWS, SIZE, SIZE)
    y, x = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    a, b, d = (lines[:, None, None, :, i] for i in range(3))
    band = torch.exp(-((a * x[..., None] + b * y[..., None] + d) ** 2) / 18).sum(-1, keepdim=True)
    image = band + draw.normal(BATCH, SIZE, SIZE, 1, scale=0.5)
    mean, deviation = image.mean((1, 2), keepdim=True), image.std((1, 2), unbiased=False, keepdim=True)
    masks = torch.ones(BATCH, VIEWS, dtype=torch.float64)
    masks[2, 1] = 0
    return {
        "images": as_input(((image - mean) / deviation).numpy()),
        "lines": lines,
        "masks": masks,
        "locations": draw.uniform(0, 1, BATCH, 1),
    }


def make_network(seed=SEED):
    network = UNet(WIDTH, VIEWS, dropout=0)
    initialise(network, torch.Generator().manual_seed(seed))
    return network


def losses(network, batch):
    heatmaps, location = network(nchw(batch["images"]))
    heatmaps = nhwc(heatmaps)
    orientation = line_heatmap_mse(heatmaps, batch["lines"], batch["masks"], SIGMA)
    position = F.mse_loss(location, batch["locations"])
    terms = {"total": orientation + position, "orientation": orientation, "location": position}
    return terms, {"heatmaps": heatmaps, "location": location}


def train(network, batch):
    """Every figure of the run, in the network's own precision."""
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    history, first = {"total": [], "orientation": [], "location": []}, {}
    for step in range(STEPS):
        optimizer.zero_grad()
        terms, outputs = losses(network, batch)
        terms["total"].backward()
        if step == 0:
            gradients = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
            first = {"outputs": {n: t.detach().clone() for n, t in outputs.items()}, "gradients": gradients}
        for name, value in terms.items():
            history[name].append(value.item())
        optimizer.step()
    return {**first, "losses": history, "final": copy.deepcopy(network.state_dict())}


def evaluate(network, state, batch):
    """Outputs in eval mode with `state` as it is stored, rounded to float32."""
    network.load_state_dict({n: t.float() if t.is_floating_point() else t for n, t in state.items()})
    network.eval()
    with torch.no_grad():
        return losses(network, batch)[1]


def margin(network, batch):
    """Smallest distance of the first step from a kink, in standard deviations of its layer.

    Kinks are a ReLU's 0 and two equal leaders under a maximum (two zeros there do no harm:
    the ReLU before them passes no gradient).
    """
    distances = []

    def relu(module, inputs):
        distances.append((inputs[0].abs().min() / inputs[0].std()).item())

    def pooled(module, inputs, output):
        windows = F.unfold(output.flatten(0, 1)[:, None], 2, stride=2)  # at the centre the whole 2x2 map
        first, second = windows.topk(2, 1).values.unbind(1)
        gaps = (first - second)[first > 0]
        distances.append((gaps.min() / output.std()).item())

    hooks = [m.register_forward_pre_hook(relu) for m in network.modules() if isinstance(m, torch.nn.ReLU)]
    blocks = [network.conv1, network.conv2, network.conv3, network.conv4, network.center]
    hooks += [b.register_forward_hook(pooled) for b in blocks]
    with torch.no_grad():
        losses(network, batch)
    for hook in hooks:
        hook.remove()
    return min(distances)


def relative_error(got, want):
    """Largest absolute difference over the largest value."""
    return ((got.double() - want).abs().max() / want.abs().max().clamp(min=1e-30)).item()


def without_effect(network):
    """Biases that the batch norm behind them cancels, with the running means that follow them."""
    blocks = [n for n, m in network.named_modules() if isinstance(m, torch.nn.BatchNorm2d)]
    return [f"{n[:-1]}0.bias" for n in blocks], [f"{n}.running_mean" for n in blocks]


def float32_errors(single, double, skipped):
    """What float32 costs torch itself, to two digits: a measure for tolerances."""
    worst = {
        "heatmaps": relative_error(single["outputs"]["heatmaps"], double["outputs"]["heatmaps"]),
        "location": relative_error(single["outputs"]["location"], double["outputs"]["location"]),
        "gradients": max(
            relative_error(single["gradients"][n], g) for n, g in double["gradients"].items() if n not in skipped
        ),
        "firstLoss": abs(single["losses"]["total"][0] / double["losses"]["total"][0] - 1),
        "losses": max(abs(a / b - 1) for a, b in zip(single["losses"]["total"], double["losses"]["total"])),
        "final": max(
            relative_error(single["final"][n], t)
            for n, t in double["final"].items() if n not in skipped and t.is_floating_point()
        ),
        "evaluatedHeatmaps": relative_error(single["evaluated"]["heatmaps"], double["evaluated"]["heatmaps"]),
        "evaluatedLocation": relative_error(single["evaluated"]["location"], double["evaluated"]["location"]),
    }
    return {name: float(f"{value:.1e}") for name, value in worst.items()}


def both_precisions(network, batch):
    """The whole run in float64, and in float32 as a measure."""
    runs = []
    for net, data in [
        (copy.deepcopy(network).double(), batch),
        (copy.deepcopy(network), {n: t.float() for n, t in batch.items()}),
    ]:
        runs.append(train(net, data))
        runs[-1]["evaluated"] = evaluate(net, runs[0]["final"], data)
    return runs


def main():
    batch, network = make_batch(), make_network()
    biases, means = without_effect(network)
    double, single = both_precisions(network, batch)
    write_json("unet/run.json", {
        "settings": {
            "width": WIDTH, "channelsIn": 1, "channelsOut": VIEWS, "sigma": SIGMA, "dropout": 0,
            "learningRate": LEARNING_RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "steps": STEPS,
        },
        "batch": encode_all(batch),
        "outputs": encode_all(double["outputs"]),
        "losses": double["losses"],
        "evaluated": encode_all(double["evaluated"]),
        "withoutEffect": {"biases": biases, "runningMeans": means},
        "float32Error": float32_errors(single, double, biases + means),
        "kinkMargin": float(f"{margin(copy.deepcopy(network).double(), batch):.1e}"),
    })
    folder = GOLDENS / "unet"
    safetensors_file.write(folder / "initial.safetensors", network.state_dict(), {"format": "pt"})
    safetensors_file.write(folder / "gradients.safetensors", double["gradients"])
    safetensors_file.write(folder / "final.safetensors", double["final"], {"format": "pt"})


if __name__ == "__main__":
    main()
