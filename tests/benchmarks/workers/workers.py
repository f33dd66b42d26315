#!/usr/bin/python3
"""Trials per second of two workers against one: the same small CNNs trained on Fashion-MNIST.

    tests/benchmarks/workers/workers.py BUILD [--rounds 2] [--trials 4] [--steps 140] [--json FILE]

Studies with one and with two workers take turns, and who begins a round changes, so that a machine that slows down is no worker's
gain. All train the same trials, which differ in the learning rate only and so cost the same. The time ends with the last trial: loading
LibTorch and the data counts, the test of the best trial by one of the workers does not.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

STUDY = """
[study]
name = "workers"
seed = 1
parallel = 2
duplicates = "retrain"
store = "{store}"
[objective]
metric = "val_accuracy"
direction = "maximize"
[stop]
trials = {trials}
[budget]
steps = {steps}
[dataset]
type = "idx"
folder = "/usr/share/datasets/fashion-mnist"
[space]
type = "cnn"
stages = [2]
depth = [2]
widths = [16]
kernels = [3]
blocks = ["plain"]
activations = ["relu"]
poolings = ["max"]
dropout = [0.0, 0.0]
[trainer]
type = "torch"
learning_rate = {{ log_uniform = [1e-3, 1e-2] }}
[[evaluator]]
type = "classification"
[workers]
count = {workers}
"""


def study(build, workers, trials, steps):
    """Seconds from the start of the program to the end of the last trial, and what each trial measured."""
    nascent = build / "bin" / "nascent"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "workers.toml")
        store = os.path.join(folder, "workers.db")
        file.write_text(STUDY.format(store=store, workers=workers, trials=trials, steps=steps), encoding="utf-8")
        begin = time.time()
        subprocess.run([nascent, "run", file], check=True, capture_output=True)
        lines = subprocess.run([nascent, "trials", store, "--json"], check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return max(row["finished_at"] for row in rows) - begin, [row["metrics"]["val_accuracy"] for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--steps", type=int, default=140)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    os.environ["NASCENT_PLUGIN_PATH"] = str(given.build.resolve() / "lib" / "nascent" / "plugins")
    seconds, measured = {1: 0.0, 2: 0.0}, []
    for turn in range(given.rounds):
        for workers in (1, 2) if turn % 2 == 0 else (2, 1):
            took, accuracies = study(given.build, workers, given.trials, given.steps)
            seconds[workers] += took
            measured.append(accuracies)
    if any(accuracies != measured[0] for accuracies in measured):
        raise SystemExit(f"the runs did not train the same trials: {measured}")
    one, two = (given.rounds * given.trials / seconds[n] for n in (1, 2))
    print(f"one worker {one:.3f} trials/s, two {two:.3f} trials/s: {two / one:.2f}x")
    if given.json:
        given.json.write_text(json.dumps({"one": one, "two": two, "ratio": two / one}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
