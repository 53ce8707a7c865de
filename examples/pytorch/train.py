"""Two tasks on images of a disc, in PyTorch, as a command of sigmasweep; docs/command-trainers.md explains it."""
import json, os, torch
from torch import nn
from torch.nn import functional as F

config = json.load(open(os.environ["SIGMASWEEP_CONFIG"]))
tasks, weights, epochs = config["tasks"], config["weights"], config["epochs"]
torch.manual_seed(config["seed"])

def report(**message):
    print(json.dumps(message), flush=True)

def discs(count, seed, size=24):
    """Noisy discs: which quadrant they are in (4 classes) and their radius in pixels."""
    random = torch.Generator().manual_seed(seed)
    radius = 2 + 4 * torch.rand(count, generator=random)
    centre = size * (0.2 + 0.6 * torch.rand(count, 2, generator=random))
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    distance = ((y - centre[:, 0, None, None]) ** 2 + (x - centre[:, 1, None, None]) ** 2).sqrt()
    images = (distance < radius[:, None, None]).float() + 0.7 * torch.randn(count, size, size, generator=random)
    return images[:, None], {"quadrant": (centre > size / 2).long() @ torch.tensor([2, 1]), "radius": radius}

splits = {"train": discs(1024, 1), "validation": discs(256, 2), "test": discs(256, 3)}
encoder = nn.Sequential(*[layer for i, o in ((1, 8), (8, 16), (16, 16)) for layer in (nn.Conv2d(i, o, 3, 2, 1), nn.ReLU())], nn.Flatten())
heads = nn.ModuleDict({"quadrant": nn.Linear(144, 4), "radius": nn.Linear(144, 1)})
losses = {"quadrant": F.cross_entropy, "radius": lambda output, radius: F.l1_loss(output[:, 0], radius)}
metrics = {"quadrant": lambda output, quadrant: {"accuracy": (output.argmax(1) == quadrant).float().mean().item()},
           "radius": lambda output, radius: {"meanError": (output[:, 0] - radius).abs().mean().item()}}

# The loss weighting: constant weights, or a learned log variance s of each task (Kendall, Gal & Cipolla 2018, eq. 10).
s = nn.ParameterDict({task: torch.zeros(()) for task in tasks})
learned = config["weighting"]["method"] == "uncertainty"
if weights is None and not learned:
    report(type="failed", message=f"train.py has no weighting {config['weighting']['method']}")
weight = lambda task: torch.exp(-s[task]) if learned else torch.tensor(float(weights[task]))
penalty = lambda task: s[task] * (0.5 if task == "quadrant" else 1) if learned else 0

model = nn.ModuleList([encoder, heads, s])
optimizer = torch.optim.Adam(model.parameters(), lr=config["optimizer"]["learningRate"])
path, start = os.path.join(config["checkpoints"], "last.pt"), 0
if os.path.exists(path):  # an earlier attempt was stopped or crashed
    start, model_state, optimizer_state, random_state = torch.load(path)
    model.load_state_dict(model_state), optimizer.load_state_dict(optimizer_state), torch.set_rng_state(random_state)

for epoch in range(start + 1, epochs + 1):
    for batch in torch.randperm(1024).split(config["batchSize"]):
        features = encoder(splits["train"][0][batch])
        loss = {task: losses[task](heads[task](features), splits["train"][1][task][batch]) for task in tasks}
        optimizer.zero_grad()
        sum(weight(task) * loss[task] + penalty(task) for task in tasks).backward()
        optimizer.step()
    report(type="metrics", epoch=epoch, split="train", values={t: {"loss": loss[t].item(), "weight": weight(t).item()} for t in tasks})
    for split in ["validation"] + ["test"] * (epoch == epochs):
        with torch.no_grad():
            values = {t: metrics[t](heads[t](encoder(splits[split][0])), splits[split][1][t]) for t in tasks}
        report(type="metrics", epoch=epoch, split=split, values=values)
    torch.save((epoch, model.state_dict(), optimizer.state_dict(), torch.get_rng_state()), path + ".part")
    os.replace(path + ".part", path)
