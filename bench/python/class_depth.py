"""The sweep's network, losses, data and trial in PyTorch, as services/worker has them in TensorFlow.js.

Read with services/worker/models/hard-sharing.ts, workloads/packed/layout.ts and trainer/train.ts beside it.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

LAYOUT = torch.channels_last
CACHE_HEADER = 48
IGNORED = -1
VECTOR_BYTES, DEPTH_BYTES, COLOUR_BYTES, CLASS_BYTES = 4, 2, 3, 1
DEPTH_STEPS = 2**17
UNITS = 64
CHANNELS = {"semantic": 9, "depth": 1}


def conv(source, target, size=3, stride=1, gain=1.0, bias=True):
    layer = torch.nn.Conv2d(source, target, size, stride, size // 2, bias=bias)
    torch.nn.init.normal_(layer.weight, 0, gain * math.sqrt(2 / (size * size * source)))
    if bias:
        torch.nn.init.zeros_(layer.bias)
    return layer


class Head(torch.nn.Module):
    def __init__(self, encoder, width, channels):
        super().__init__()
        self.up3 = conv(encoder[-1], 4 * width)
        self.up2 = conv(width, 4 * width)
        self.up1 = conv(width, 4 * channels, gain=0.1)
        self.skip2 = conv(encoder[1], width, 1)
        self.skip1 = conv(encoder[0], width, 1)

    def forward(self, features):
        first, second, x = features
        x = F.relu(F.pixel_shuffle(self.up3(x), 2) + self.skip2(second))
        x = F.relu(F.pixel_shuffle(self.up2(x), 2) + self.skip1(first))
        return F.pixel_shuffle(self.up1(x), 2)


class HardSharing(torch.nn.Module):
    """One encoder of four stages for all tasks, one sub-pixel head for each."""

    def __init__(self, encoder, head, tasks, height, width):
        super().__init__()
        assert len(encoder) == 4, "the bench's network has four stages"
        sources = [12, *encoder]
        self.stages = torch.nn.ModuleList(
            conv(sources[i], encoder[i], stride=2 if i in (1, 2) else 1) for i in range(4)
        )
        self.residual = encoder[2] == encoder[3]
        self.place = torch.nn.Conv2d(2, encoder[0], 1, bias=False)
        torch.nn.init.normal_(self.place.weight, 0, 1)
        y = (2 * (torch.arange(height // 2) + 0.5) / (height // 2) - 1).view(-1, 1).expand(-1, width // 2)
        x = (2 * (torch.arange(width // 2) + 0.5) / (width // 2) - 1).view(1, -1).expand(height // 2, -1)
        self.register_buffer("places", torch.stack([x, y])[None])
        self.heads = torch.nn.ModuleDict({task: Head(encoder, head, CHANNELS[task]) for task in tasks})

    def forward(self, images):
        x = F.pixel_unshuffle(2 * images - 1, 2).contiguous(memory_format=LAYOUT)
        first = F.relu(self.stages[0](x) + self.place(self.places))
        second = F.relu(self.stages[1](first))
        third = F.relu(self.stages[2](second))
        fourth = self.stages[3](third)
        deepest = F.relu(fourth + third if self.residual else fourth)
        return [head((first, second, deepest)) for head in self.heads.values()]


def read_split(path, length, height, width):
    """Images (uint8), classes and inverse depth (px) of a packed split: sample after sample, its parts one by one."""
    pixels = height * width
    sizes = np.array([VECTOR_BYTES, DEPTH_BYTES, COLOUR_BYTES, CLASS_BYTES]) * pixels
    block = np.fromfile(path, np.uint8, count=length * sizes.sum(), offset=CACHE_HEADER).reshape(length, -1)
    _, depth, images, classes = np.split(block, np.cumsum(sizes)[:-1], axis=1)
    disparity = np.ascontiguousarray(depth).view(np.uint16).astype(np.float32) * (width / DEPTH_STEPS)
    return {
        # A permuted view of rows of pixels is what PyTorch calls channels last.
        "images": torch.from_numpy(images.reshape(length, height, width, 3).copy()).permute(0, 3, 1, 2),
        "semantic": torch.from_numpy(classes.reshape(length, height, width).view(np.int8).astype(np.int64)),
        "depth": torch.from_numpy(disparity.reshape(length, 1, height, width)),
    }


def loss_of(task, output, target):
    if task == "semantic":
        return F.cross_entropy(output, target, ignore_index=IGNORED)
    valid = (target > 0).float()
    error = ((output - target / (output.shape[3] / UNITS)) * valid).abs()
    return error.sum() / valid.sum().clamp(min=1)


def evaluate(network, tasks, split, batch):
    length = len(split["images"])
    counts = torch.zeros(CHANNELS["semantic"] ** 2, dtype=torch.int64)
    absolute, pixels = 0.0, 0
    with torch.inference_mode():
        for start in range(0, length, batch):
            outputs = network(split["images"][start : start + batch].float() / 255)
            for task, output in zip(tasks, outputs):
                target = split[task][start : start + batch]
                if task == "semantic":
                    known = target >= 0
                    cells = (target * CHANNELS[task] + output.argmax(1))[known]
                    counts += torch.bincount(cells, minlength=len(counts))
                else:
                    valid = target > 0
                    errors = (output * (output.shape[3] / UNITS) - target)[valid].abs()
                    absolute, pixels = absolute + errors.sum().item(), pixels + errors.numel()
    metrics = {}
    if "semantic" in tasks:
        table = counts.view(CHANNELS["semantic"], -1).double()
        hits = table.diagonal()
        union = table.sum(0) + table.sum(1) - hits
        metrics["semantic"] = (hits[union > 0] / union[union > 0]).mean().item()
    if "depth" in tasks:
        metrics["depth"] = absolute / pixels
    return metrics


class Trial:
    """A network with its optimizer; `step` trains it on one batch."""

    def __init__(self, config, trial, height, width):
        torch.set_num_threads(config["threads"])
        torch.manual_seed(config["seed"])
        self.config, self.tasks, self.weights = config, trial["tasks"], trial["weights"]
        model = config["model"]
        self.network = HardSharing(model["encoder"]["channels"], model["head"], self.tasks, height, width).to(memory_format=LAYOUT)
        self.parameters = sum(p.numel() for p in self.network.parameters())
        groups = [{"params": list(self.network.parameters()), "factor": 1.0}]
        self.log_variances = None
        if self.weights is None:
            self.log_variances = torch.nn.Parameter(torch.zeros(len(self.tasks)))
            groups.append({"params": [self.log_variances], "factor": trial["learningRateMultiplier"]})
        optimizer = config["optimizer"]
        self.optimizer = torch.optim.Adam(
            groups,
            lr=optimizer["learningRate"],
            betas=(optimizer["beta1"], optimizer["beta2"]),
            eps=optimizer["epsilon"],
            fused=True,
        )

    def objective(self, losses):
        if self.log_variances is None:
            return sum(self.weights[task] * loss for task, loss in zip(self.tasks, losses))
        terms = []
        for task, loss, s in zip(self.tasks, losses, self.log_variances):
            terms.append(torch.exp(-s) * loss + (0.5 if task == "semantic" else 1.0) * s)
        return sum(terms)

    def step(self, split, indices, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self.optimizer.zero_grad()
        outputs = self.network(split["images"][indices].float() / 255)
        losses = [loss_of(task, output, split[task][indices]) for task, output in zip(self.tasks, outputs)]
        self.objective(losses).backward()
        self.optimizer.step()
        return torch.stack([loss.detach() for loss in losses])


def read_splits(config):
    data = config["data"]
    return {
        name: read_split(data["files"][name], data[name], data["height"], data["width"])
        for name in ("train", "validation", "test")
    }


def train(config, trial, report):
    """A whole trial: an evaluation before and after each epoch, and one on the test set."""
    splits, batch, epochs = read_splits(config), config["batchSize"], config["epochs"]
    data = config["data"]
    run = Trial(config, trial, data["height"], data["width"])
    report({"epoch": 0, **evaluate(run.network, run.tasks, splits["validation"], batch)})
    length = len(splits["train"]["images"])
    steps, step = epochs * math.ceil(length / batch), 0
    for epoch in range(1, epochs + 1):
        losses = []
        for indices in torch.randperm(length).split(batch):
            rate = 0.5 * config["optimizer"]["learningRate"] * (1 + math.cos(math.pi * step / steps))
            losses.append(run.step(splits["train"], indices, rate))
            step += 1
        means = torch.stack(losses).mean(0).tolist()
        scores = evaluate(run.network, run.tasks, splits["validation"], batch)
        test = {}
        if epoch == epochs:
            test = {f"test_{k}": v for k, v in evaluate(run.network, run.tasks, splits["test"], batch).items()}
        report({"epoch": epoch, **scores, **test, **{f"loss_{t}": v for t, v in zip(run.tasks, means)}})


def count(config, tasks):
    """Parameters, and floating-point operations of one step, by PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    data = config["data"]
    height, width, batch = data["height"], data["width"], config["batchSize"]
    run = Trial(config, {"tasks": tasks, "weights": dict.fromkeys(tasks, 1.0)}, height, width)
    split = {
        "images": torch.zeros(batch, 3, height, width, dtype=torch.uint8),
        "semantic": torch.zeros(batch, height, width, dtype=torch.int64),
        "depth": torch.ones(batch, 1, height, width),
    }
    with FlopCounterMode(display=False) as counter:
        run.step(split, torch.arange(batch), 0.0)
    return {"parameters": run.parameters, "operations": counter.get_total_flops()}
