"""One thread's training step of bench/reference-network.ts in PyTorch, channels last. Prints one line of JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F

size, seconds = json.loads(sys.argv[1]), float(sys.argv[2])
torch.set_num_threads(1)
layout = torch.channels_last


def conv(source, target, stride=1):
    layer = torch.nn.Conv2d(source, target, 3, stride, 1, bias=False)
    torch.nn.init.kaiming_normal_(layer.weight)
    return layer.to(memory_format=layout)


channels = [3, *size["encoder"]]
encoder = [conv(channels[i], channels[i + 1], 2 if i < 3 else 1) for i in range(len(channels) - 1)]
heads = [(conv(channels[-1], size["head"]), conv(size["head"], n)) for n in size["outputs"]]
parameters = [p for layer in [*encoder, *(part for head in heads for part in head)] for p in layer.parameters()]
optimizer = torch.optim.Adam(parameters, lr=1e-3, eps=1e-7)
images = torch.randn(size["batch"], 3, size["height"], size["width"]).to(memory_format=layout)
targets = [
    torch.randn(size["batch"], n, size["height"] // 2, size["width"] // 2).to(memory_format=layout)
    for n in size["outputs"]
]


def step():
    optimizer.zero_grad()
    x = images
    for layer in encoder:
        x = F.relu(layer(x))
    loss = sum(
        F.mse_loss(last(F.interpolate(F.relu(first(x)), scale_factor=4, mode="nearest")), target)
        for (first, last), target in zip(heads, targets)
    )
    loss.backward()
    optimizer.step()
    return loss.item()


def least(limit, body):
    body()
    best, end = float("inf"), time.perf_counter() + limit
    while time.perf_counter() < end:
        begin = time.perf_counter()
        body()
        best = min(best, time.perf_counter() - begin)
    return best


a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
ms = 1000 * least(seconds, step)
print(json.dumps({"ms": ms, "peak": 2 * 1024**3 / least(1, lambda: a @ b) / 1e9}))
