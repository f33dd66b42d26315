#!/usr/bin/python3
"""How many workers one coordinator keeps busy: `nascent simulate` with trials of ten seconds, samplers by schedulers.

    tests/benchmarks/simulate/simulate.py BUILD [--workers 1000 10000] [--samplers random tpe evolution auto]
        [--schedulers none asha] [--waves 10] [--store FILE | :memory:] [--json FILE]

Five parameters, budget five epochs, each epoch a report, spread 0.2. "none" is a study without a scheduler. Not deterministic, so
that no worker waits for another. `busy` is the share of the workers' time until the search had no more work; `saturates` is
with how many workers the coordinator would have no time left. Needs a Release build and a machine with nothing beside it.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

STUDY = """
[study]
name = "load"
deterministic = false
duplicates = "retrain"

[objective]
metric = "loss"
direction = "minimize"

[stop]
trials = 10

[budget]
epochs = 5

[space]
type = "declared"

[space.parameters]
width = { int_log_uniform = [8, 1024] }
depth = { int_uniform = [1, 8] }
block = { choice = ["plain", "residual", "dense"] }
dropout = { uniform = [0.0, 0.5] }
rate = { log_uniform = [1e-5, 1e-1] }

[trainer]
type = "command"
command = ["true"]
"""


def simulate(build, folder, workers, trials, sampler, scheduler, store):
    command = [build / "bin" / "nascent", "simulate", "study.toml", "--workers", str(workers), "--json", "--trial-seconds", "10",
               "--set", f"stop.trials={trials}", "--set", f"sampler.type={sampler}"]
    if scheduler != "none":
        command += ["--set", f"scheduler.type={scheduler}"]
    if store:
        command += ["--store", store]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--workers", type=int, nargs="+", default=[1000])
    arguments.add_argument("--samplers", nargs="+", default=["random", "tpe", "evolution", "auto"])
    arguments.add_argument("--schedulers", nargs="+", default=["none", "asha"])
    arguments.add_argument("--waves", type=int, default=10, help="trials for each worker")
    arguments.add_argument("--store", help="otherwise a temporary SQLite file")
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    results = []
    print(f"{'workers':>8} {'sampler':10} {'scheduler':10} {'busy':>6} {'virtual s':>10} {'coordinator':>12} {'ms a trial':>11} "
          f"{'ask':>7} {'decide':>7} {'store':>7} {'calls/s':>8} {'saturates':>10}")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "study.toml").write_text(STUDY, encoding="utf-8")
        for workers in given.workers:
            for sampler in given.samplers:
                for scheduler in given.schedulers:
                    r = simulate(given.build.resolve(), folder, workers, workers * given.waves, sampler, scheduler, given.store)
                    c, landed = r["coordinator"], r["trials"]["completed"] + r["trials"]["pruned"]
                    a_trial = {part: 1000 * c[part]["seconds"] / landed for part in ("ask", "decide", "store")}
                    row = {"workers": workers, "sampler": sampler, "scheduler": scheduler, "busy": r["fed_utilisation"],
                           "virtual_seconds": r["virtual_seconds"], "coordinator_share": c["share"],
                           "ms_a_trial": 1000 * c["seconds"] / landed, "store_calls_per_second": c["store"]["calls"] / r["virtual_seconds"],
                           "saturates": r["workers_at_saturation"], **a_trial}
                    results.append(row)
                    print(f"{workers:8} {sampler:10} {scheduler:10} {row['busy']:6.1%} {row['virtual_seconds']:10.1f} "
                          f"{row['coordinator_share']:12.1%} {row['ms_a_trial']:11.2f} {row['ask']:7.2f} {row['decide']:7.2f} "
                          f"{row['store']:7.2f} {row['store_calls_per_second']:8.0f} {row['saturates']:10.0f}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
