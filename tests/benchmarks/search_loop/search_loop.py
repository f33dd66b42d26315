#!/usr/bin/python3
"""The search loop against Optuna's, both with random search over one table, in memory and on disk, in one run.

    tests/benchmarks/search_loop/search_loop.py BUILD [--trials 100000] [--optuna-trials 2000] [--parallel 256] [--json FILE]

Prints a table and, with --json, writes the numbers. Optuna does fewer trials, because its time per trial does not fall
with their number. Needs a Release build, and python3-optuna for the comparison.
"""
import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

PARAMETERS, CHOICES = 6, 5


def write_table(path):
    """All 5^6 configurations with a made-up accuracy; the sum of the choices, disturbed so that no two rows are alike."""
    rows = {}
    with open(path, "w", encoding="utf-8") as out:
        out.write(",".join([f"p{i}" for i in range(PARAMETERS)] + ["accuracy"]) + "\n")
        for n, choice in enumerate(itertools.product(range(CHOICES), repeat=PARAMETERS)):
            accuracy = sum(choice) / (PARAMETERS * (CHOICES - 1)) + (n * 2654435761 % 1000) * 1e-5
            rows[choice] = accuracy
            out.write(",".join([f"c{c}" for c in choice] + [f"{accuracy:.6f}"]) + "\n")
    return rows


def run_ours(build, table, store, trials, parallel):
    program = build / "tests" / "search_loop"
    plugins = build / "lib" / "nascent" / "plugins"
    out = subprocess.run([program, table, plugins, store, str(trials), str(parallel)], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def run_optuna(rows, storage, trials):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names = [f"p{i}" for i in range(PARAMETERS)]
    choices = list(range(CHOICES))
    study = optuna.create_study(direction="maximize", storage=storage, sampler=optuna.samplers.RandomSampler(seed=1))
    start = time.perf_counter()
    study.optimize(lambda t: rows[tuple(t.suggest_categorical(n, choices) for n in names)], n_trials=trials)
    seconds = time.perf_counter() - start
    return {"trials": trials, "seconds": round(seconds, 4), "trials_per_second": round(trials / seconds), "best": study.best_value}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--trials", type=int, default=100_000)
    arguments.add_argument("--optuna-trials", type=int, default=2_000)
    arguments.add_argument("--parallel", type=int, default=256)
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        table = folder / "table.csv"
        rows = write_table(table)
        results["nascent, in memory"] = run_ours(given.build, table, ":memory:", given.trials, given.parallel)
        results["nascent, SQLite file"] = run_ours(given.build, table, folder / "study.db", given.trials, given.parallel)
        results["nascent, SQLite file, parallel 1"] = run_ours(given.build, table, folder / "one.db", given.trials // 5, 1)
        try:
            results["Optuna, in memory"] = run_optuna(rows, None, given.optuna_trials)
            results["Optuna, SQLite file"] = run_optuna(rows, f"sqlite:///{folder}/optuna.db", given.optuna_trials // 5)
        except ImportError:
            print("python3-optuna is not installed: no comparison", file=sys.stderr)
    print(f"{'random search over a table':34} {'trials':>8} {'seconds':>9} {'trials/s':>10} {'peak MiB':>9}")
    for name, r in results.items():
        print(f"{name:34} {r['trials']:8.0f} {r['seconds']:9.2f} {r['trials_per_second']:10.0f} {r.get('peak_memory_mib', 0) or '':>9}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
