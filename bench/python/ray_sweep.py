"""The sweep of bench/ray-sweep.ts by Ray Tune with PyTorch trials: one CPU and one thread a trial, all cores.

    python ray_sweep.py count CONFIG.json    parameters and operations of each set of tasks, as JSON
    python ray_sweep.py run CONFIG.json      trains all trials and prints their test results as a table
    python ray_sweep.py step CONFIG.json     median milliseconds of a step of the first trial, as JSON
"""
import json
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray imports TensorFlow's and pandas' loggers where they are there; they would only cost it time here.
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)


def counts(config):
    import class_depth

    sets = {"+".join(trial["tasks"]): trial["tasks"] for trial in config["trials"]}
    return {name: class_depth.count(config, tasks) for name, tasks in sets.items()}


def step(config):
    import torch
    import class_depth

    run = class_depth.Trial(config, config["trials"][0], config["data"]["height"], config["data"]["width"])
    split, batch = class_depth.read_splits(config)["train"], config["batchSize"]
    times = []
    for i in range(60):
        begin = time.perf_counter()
        indices = torch.arange(i * batch, (i + 1) * batch) % len(split["images"])
        run.step(split, indices, 1e-3)[0].item()
        times.append(1000 * (time.perf_counter() - begin))
    return {"ms": sorted(times[10:])[25]}


def sweep(config):
    import ray
    from ray import tune

    def trainable(point):
        import class_depth

        class_depth.train(config, config["trials"][point["trial"]], tune.report)

    ray.init(
        num_cpus=config["cores"],
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": here, "OMP_NUM_THREADS": str(config["threads"])}},
    )
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": config["threads"]}),
        param_space={"trial": tune.grid_search(list(range(len(config["trials"]))))},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(storage_path=config["folder"], verbose=0),
    )
    results = tuner.fit()
    for result in sorted(results, key=lambda result: result.config["trial"]):
        metrics = result.metrics
        shown = [f"{name} {metrics[name]:.4f}" for name in ("test_semantic", "test_depth") if name in metrics]
        print(config["trials"][result.config["trial"]]["label"], *shown, sep=" | ")
    if results.num_errors > 0 or len(results) != len(config["trials"]):
        raise SystemExit(f"{results.num_errors} of {len(results)} trials failed: {results.errors[:1]}")
    ray.shutdown()


mode, path = sys.argv[1:]
with open(path, encoding="utf8") as file:
    given = json.load(file)
if mode == "run":
    sweep(given)
else:
    print(json.dumps({"count": counts, "step": step}[mode](given)))
