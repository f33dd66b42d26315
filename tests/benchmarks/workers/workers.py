#!/usr/bin/python3
"""Trials per second of two workers against one: the same small CNNs trained on Fashion-MNIST.

    tests/benchmarks/workers/workers.py BUILD [--trials 12] [--steps 150] [--json FILE]

Both runs train the same trials, which differ in the learning rate only and so cost the same; loading LibTorch and the data counts.
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


def trials_per_second(build, workers, trials, steps):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "workers.toml")
        store = os.path.join(folder, "workers.db")
        file.write_text(STUDY.format(store=store, workers=workers, trials=trials, steps=steps), encoding="utf-8")
        begin = time.perf_counter()
        subprocess.run([build / "bin" / "nascent", "run", file], check=True, capture_output=True)
        return trials / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    os.environ["NASCENT_PLUGIN_PATH"] = str(given.build.resolve() / "lib" / "nascent" / "plugins")
    one, two = (trials_per_second(given.build, n, given.trials, given.steps) for n in (1, 2))
    print(f"one worker {one:.3f} trials/s, two {two:.3f} trials/s: {two / one:.2f}x")
    if given.json:
        given.json.write_text(json.dumps({"one": one, "two": two, "ratio": two / one}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
