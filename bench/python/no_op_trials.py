"""Trials that train nothing, with five reports each, by Ray Tune and by Optuna: the peers of bench/no-op-trials.ts.

    python no_op_trials.py ray CONFIG.json       trials a second, start-up left out, as JSON
    python no_op_trials.py optuna CONFIG.json    the same; its storage is the PostgreSQL that CONFIG names
"""

import json
import multiprocessing
import sys
import time

REPORTS = 5


def ray_tune(config):
    import ray
    from ray import tune

    def trainable(_):
        for epoch in range(1, REPORTS + 1):
            tune.report({"error": 1 / epoch})

    ray.init(num_cpus=config["workers"], include_dashboard=False, log_to_driver=False, logging_level="ERROR")

    def run(trials):
        results = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space={"trial": tune.grid_search(list(range(trials)))},
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(storage_path=config["folder"], verbose=0),
        ).fit()
        if results.num_errors > 0 or len(results) != trials:
            raise SystemExit(f"{results.num_errors} of {len(results)} trials failed")

    run(config["workers"])
    begin = time.perf_counter()
    run(config["trials"])
    seconds = time.perf_counter() - begin
    ray.shutdown()
    return {"version": ray.__version__, "perSecond": config["trials"] / seconds}


def objective(trial):
    trial.suggest_float("weight", 0, 1)
    for epoch in range(1, REPORTS + 1):
        trial.report(1 / epoch, epoch)
    return 1 / REPORTS


def optimize(url, trials, barrier):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(study_name="bench", storage=url, sampler=optuna.samplers.RandomSampler())
    barrier.wait()
    study.optimize(objective, n_trials=trials)


def optuna_study(config):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url, workers = config["url"].replace("postgresql://", "postgresql+psycopg://"), config["workers"]
    study = optuna.create_study(study_name="bench", storage=url)
    barrier = multiprocessing.Barrier(workers + 1)
    share = config["trials"] // workers
    processes = [multiprocessing.Process(target=optimize, args=(url, share, barrier)) for _ in range(workers)]
    for process in processes:
        process.start()
    barrier.wait()
    begin = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - begin
    done = len(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))
    if done != share * workers:
        raise SystemExit(f"{done} of {share * workers} trials are complete")
    return {"version": optuna.__version__, "perSecond": done / seconds}


if __name__ == "__main__":
    name, path = sys.argv[1:]
    with open(path, encoding="utf8") as file:
        given = json.load(file)
    print(json.dumps({"ray": ray_tune, "optuna": optuna_study}[name](given)))
