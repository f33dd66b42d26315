#!/usr/bin/python3
"""Test accuracy that a search of 15 minutes on two cores reaches on Fashion-MNIST: the documented example, with more time.

    tests/benchmarks/fashion_mnist/fashion_mnist.py BUILD [--json FILE]
"""
import argparse
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "examples" / "fashion-mnist.toml"
SETTINGS = ('stop.wall_time="5min"', "budget.seconds=20", "final.seconds=540")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    os.environ["NASCENT_PLUGIN_PATH"] = str(given.build.resolve() / "lib" / "nascent" / "plugins")
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder, "fashion-mnist.db")
        command = [given.build.resolve() / "bin" / "nascent", "run", EXAMPLE]
        for setting in (*SETTINGS, f'study.store="{store}"'):
            command += ["--set", setting]
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        minutes = (time.perf_counter() - begin) / 60
        database = sqlite3.connect(store)
        trials = database.execute("SELECT count(*) FROM trials WHERE role = 'search' AND state = 'completed'").fetchone()[0]
        # The winner is chosen by validation; the test split only tells how good that choice was.
        finals = [json.loads(row[0]) for row in database.execute("SELECT metrics FROM trials WHERE role = 'final'")]
        database.close()
    best = max(finals, key=lambda metrics: metrics["val_accuracy"])
    result = {"minutes": minutes, "trials": trials, "val_accuracy": best["val_accuracy"], "test_accuracy": best["test_accuracy"]}
    print(" ".join(f"{name}={value:.4g}" for name, value in result.items()))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
