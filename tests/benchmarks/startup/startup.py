#!/usr/bin/python3
"""Time from the start of `nascent run` until the first trial is under way, for a table and for Fashion-MNIST.

    tests/benchmarks/startup/startup.py BUILD [--rounds 5] [--json FILE]

The clock begins before the process is made. Of the table, evaluated inline, the first row is complete in the store; of
Fashion-MNIST a worker has read the data, loaded LibTorch and begun to train. Prints the slowest and the median round.
"""
import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import tempfile
import time

TABLE = """
[study]
name = "startup"
parallel = 1
store = "{store}"
[objective]
metric = "accuracy"
direction = "maximize"
[stop]
trials = 1
[space]
type = "declared"
[space.parameters]
kind = {{ choice = ["a", "b"] }}
[[evaluator]]
type = "table"
file = "{folder}/table.csv"
[evaluator.metrics]
accuracy = "accuracy"
"""
FASHION_MNIST = """
[study]
name = "startup"
parallel = 2
store = "{store}"
[objective]
metric = "val_accuracy"
direction = "maximize"
[stop]
trials = 2
[budget]
steps = 2
[dataset]
type = "idx"
folder = "/usr/share/datasets/fashion-mnist"
[space]
type = "cnn"
[trainer]
type = "torch"
learning_rate = {{ log_uniform = [1e-3, 1e-1] }}
[[evaluator]]
type = "classification"
[workers]
count = 2
"""


def seconds_to_first_trial(build, study, column):
    """Seconds until `column` of trial 0, a time of the store's clock."""
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "startup.db")
        pathlib.Path(folder, "table.csv").write_text("kind,accuracy\na,0.5\nb,0.6\n", encoding="utf-8")
        file = pathlib.Path(folder, "startup.toml")
        file.write_text(study.format(folder=folder, store=store), encoding="utf-8")
        begin = time.time()
        subprocess.run([build / "bin" / "nascent", "run", file], check=True, capture_output=True)
        with sqlite3.connect(store) as database:
            (at,) = database.execute(f"SELECT {column} FROM trials WHERE id = 0").fetchone()
        database.close()
        return at - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    os.environ["NASCENT_PLUGIN_PATH"] = str(given.build.resolve() / "lib" / "nascent" / "plugins")
    results = {}
    for name, study, column in (("table", TABLE, "finished_at"), ("Fashion-MNIST", FASHION_MNIST, "started_at")):
        rounds = [seconds_to_first_trial(given.build, study, column) for _ in range(given.rounds)]
        results[name] = {"seconds_max": max(rounds), "seconds_median": statistics.median(rounds)}
        print(f"{name:16} slowest {max(rounds):.3f} s, median {statistics.median(rounds):.3f} s of {given.rounds}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
