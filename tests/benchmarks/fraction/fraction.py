#!/usr/bin/python3
"""What a part of the data tells of all of it: rank correlation (Spearman) of validation accuracies along a budget in `fraction`.

    tests/benchmarks/fraction/fraction.py BUILD [--trials 24] [--seed 1] [--option NAME=VALUE...] [--json FILE]

Random MLPs with random learning rates, batch sizes and weight decays on Fashion-MNIST, each trained through all parts; nothing is stopped.
NAME: an option of trainer `torch`.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

STUDY = """
[study]
name = "fraction"
seed = {seed}
parallel = 2
store = "fraction.db"
[objective]
metric = "val_accuracy"
direction = "maximize"
[stop]
trials = {trials}
[budget]
fraction = 1.0
[dataset]
type = "idx"
folder = "/usr/share/datasets/fashion-mnist"
[space]
type = "mlp"
depth = [1, 3]
widths = [16, 32, 64, 128]
[sampler]
type = "random"
[trainer]
type = "torch"
learning_rate = {{ log_uniform = [1e-4, 1e-1] }}
weight_decay = {{ log_uniform = [1e-4, 1.0] }}
batch_size = {{ choice = [32, 64, 128, 256] }}
{options}
[workers]
count = 2
"""


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    return [sum(other < value for other in values) + (1 + sum(other == value for other in values)) / 2 for value in values]


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    product = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    return product / (sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)) ** 0.5


def curves(build, trials, seed, options):
    """Of each completed trial: the metrics of its reports by their budget."""
    with tempfile.TemporaryDirectory() as folder:
        def nascent(*arguments):
            return subprocess.run([build / "bin" / "nascent", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout
        pathlib.Path(folder, "fraction.toml").write_text(STUDY.format(trials=trials, seed=seed, options=options), encoding="utf-8")
        nascent("run", "fraction.toml")
        shown = [json.loads(nascent("show", "fraction.toml", str(trial), "--json")) for trial in range(trials)]
    return [{r["budget"]: r["metrics"] for r in trial["reports"]} for trial in shown if trial["state"] == "completed"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--option", nargs="+", default=[], metavar="NAME=VALUE")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    build = given.build.resolve()
    os.environ["NASCENT_PLUGIN_PATH"] = str(build / "lib" / "nascent" / "plugins")
    trained = curves(build, given.trials, given.seed, "\n".join(option.replace("=", " = ", 1) for option in given.option))
    final = [curve[1.0]["val_accuracy"] for curve in trained]
    whole = sum(report["epoch_seconds"] for curve in trained for report in curve.values())
    print(f"{len(trained)} trials, {whole / len(trained):.1f} s each, accuracies of all rows {min(final):.3f} to {max(final):.3f}")
    results, spent = {"trials": len(trained), "seconds_a_trial": whole / len(trained), "parts": []}, 0
    for part in trained[0]:
        spent += sum(curve[part]["epoch_seconds"] for curve in trained)
        here = [curve[part]["val_accuracy"] for curve in trained]
        best = trained[here.index(max(here))][1.0]["val_accuracy"]
        row = {"fraction": part, "time": spent / whole, "spearman": spearman(here, final), "regret": max(final) - best}
        results["parts"].append(row)
        print("{fraction:g} of the rows, {time:.0%} of the time: rank correlation {spearman:.2f}; its best trial ends {regret:.3f} below the best".format(**row))
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
