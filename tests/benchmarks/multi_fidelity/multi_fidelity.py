#!/usr/bin/python3
"""Regret by epochs spent, for pairs of sampler and scheduler, beside published baselines.

    tests/benchmarks/multi_fidelity/multi_fidelity.py BUILD --tables DIR --pair tpe+asha:form=promotion
        --pair tpe+hyperband:eta=4,budget_min=12 [--problems REGEX] [--budgets 500,1000,2000] [--seeds 30] [--jobs 2]

A pair is SAMPLER[:OPTION=VALUE,...]+SCHEDULER[:OPTION=VALUE,...]. Prints Markdown: mean regret, its standard error, and its share of
the best baseline's at as many epochs.
"""
import argparse
import collections
import concurrent.futures
import csv
import math
import pathlib
import statistics
import subprocess
import sys

CHUNK = 10  # studies per process


def component(text, flag):
    alias, _, options = text.partition(":")
    line = ["--" + flag, alias]
    for option in [o for o in options.split(",") if o]:
        line += ["--option" if flag == "sampler" else "--scheduler-option", option]
    return line


def run(given, pair, first):
    sampler, _, scheduler = pair.partition("+")
    line = [given.build / "tests" / "multi_fidelity", "--tables", given.tables, "--problems", given.problems, "--budgets", given.budgets,
            "--first-seed", first, "--seeds", min(CHUNK, given.seeds - first), *component(sampler, "sampler")]
    line += component(scheduler, "scheduler") if scheduler else []
    done = subprocess.run([str(part) for part in line], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return list(csv.DictReader(done.stdout.splitlines()))


def best_baselines(folder):
    """(method, mean regret) of the best baseline by (problem, epochs)."""
    best = {}
    with open(pathlib.Path(folder) / "baselines_multi_fidelity.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key, regret = (row["problem"], int(row["epochs_spent"])), float(row["regret_mean"])
            if key not in best or regret < best[key][1]:
                best[key] = (row["method"], regret)
    return best


def cell(regrets, baseline):
    mean = statistics.fmean(regrets)
    error = statistics.stdev(regrets) / math.sqrt(len(regrets)) if len(regrets) > 1 else math.nan
    share = f", {mean / baseline:.2f}" if baseline else ""
    return f"{mean:.4f} ± {error:.4f}{share}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--tables", required=True, help="the folder of tables and baselines")
    arguments.add_argument("--pair", action="append", required=True)
    arguments.add_argument("--problems", default=".*", help="a regular expression of names")
    arguments.add_argument("--budgets", default="500,1000,2000", help="epochs after which to look")
    arguments.add_argument("--seeds", type=int, default=30)
    arguments.add_argument("--jobs", type=int, default=1)
    given = arguments.parse_args()
    tasks = [(pair, first) for pair in given.pair for first in range(0, given.seeds, CHUNK)]
    regrets = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        for (pair, _), rows in zip(tasks, pool.map(lambda t: run(given, *t), tasks)):
            for row in rows:
                regrets[row["problem"], int(float(row["epochs"])), pair].append(float(row["regret"]))
    best = best_baselines(given.tables)
    print("| problem | epochs | best baseline | " + " | ".join(given.pair) + " |\n" + "|---" * (3 + len(given.pair)) + "|")
    for problem, epochs in sorted({(p, e) for p, e, _ in regrets}):
        method, regret = best.get((problem, epochs), ("none", 0.0))
        cells = [cell(regrets[problem, epochs, pair], regret) for pair in given.pair]
        print(f"| {problem} | {epochs} | {regret:.4f} `{method}` | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
