#!/usr/bin/python3
"""Every number that nascent promises, measured on this machine and held against what is wanted.

    tests/benchmarks/run_all.py BUILD [--only NAME...] [--json FILE]

BUILD is a Release build folder with the tests. NAMEs: search_loop abi_call startup workers coordinator scale soak simulate
training_throughput (one to three minutes each) and fashion_mnist (15 minutes). Comparisons are ratios within one run. Exit code 1: a number is not reached.
Needs python3-optuna, python3-torch and dataset-fashion-mnist. Run it on an idle machine.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def command(name, build, output):
    if name == "training_throughput":
        return [HERE / name / "run.py", build / "bin" / "train_fashion_mnist", "--json", output]
    return [HERE / name / f"{name}.py", build, "--json", output]


def late_against_early(costs):
    """The last nine tenths of the trials against those before, the first thousandth left out."""
    early, late = (row["cpu_us_a_trial"] for row in costs.values())
    return late / early


# Benchmark, what, unit, "at least" or "at most", the number wanted, where it stands in the results.
WANTED = (
    ("search_loop", "search loop in memory", "trials/s", ">=", 100_000, lambda r: r["nascent, in memory"]["trials_per_second"]),
    ("search_loop", "search loop, durable", "trials/s", ">=", 5_000,
     lambda r: min(r[name]["trials_per_second"] for name in ("nascent, SQLite file", "nascent, SQLite file, parallel 1"))),
    ("search_loop", "search loop against Optuna, in memory", "x", ">", 1,
     lambda r: r["nascent, in memory"]["trials_per_second"] / r["Optuna, in memory"]["trials_per_second"]),
    ("search_loop", "search loop against Optuna, SQLite", "x", ">", 1,
     lambda r: r["nascent, SQLite file, parallel 1"]["trials_per_second"] / r["Optuna, SQLite file"]["trials_per_second"]),
    ("search_loop", "memory after 100,000 stored trials", "MB", "<=", 200,
     lambda r: r["nascent, SQLite file"]["peak_memory_mib"] * 1.048576),
    ("abi_call", "a call through the ABI, beyond a virtual call", "ns", "<=", 2, lambda r: r["call_through_the_abi - virtual_call"]),
    ("abi_call", "batched ask of random, real parameters", "ns a parameter", "<=", 10, lambda r: r["batched_ask/reals/1000"]),
    ("abi_call", "batched ask of random, network and training", "ns a parameter", "<=", 10,
     lambda r: r["batched_ask/network_and_training/1000"]),
    ("startup", "start to the first result, table", "s", "<=", 2, lambda r: r["table"]["seconds_max"]),
    ("startup", "start to the first training, Fashion-MNIST", "s", "<=", 2, lambda r: r["Fashion-MNIST"]["seconds_max"]),
    ("workers", "two workers against one", "x", ">=", 1.9, lambda r: r["ratio"]),
    ("coordinator", "coordinator, a 50 ms trial by two workers", "ms a trial", "<=", 1, lambda r: max(row["overhead_ms_a_trial"] for row in r.values())),
    ("coordinator", "utilisation of two workers, trials of 50 ms", "", ">=", 0.97, lambda r: min(row["utilisation"] for row in r.values())),
    ("scale", "best of 1,000,000 trials", "s", "<=", 5, lambda r: r["commands"]["best"]["seconds"]),
    ("scale", "resume of 1,000,000 trials to the first new one", "s", "<=", 5, lambda r: r["commands"]["resume, first new trial"]["seconds"]),
    ("scale", "status of 1,000,000 trials", "s", "<=", 5, lambda r: r["commands"]["status"]["seconds"]),
    ("scale", "a late trial against an early one", "x", "<=", 1.25, lambda r: max(late_against_early(costs) for costs in r["loop"].values())),
    ("soak", "coordinator's memory over 100,000 trials", "bytes a trial", "<=", 1024,
     lambda r: max(p["bytes_a_trial"] for p in r["processes"] if p["name"] == "coordinator")),
    ("simulate", "1,000 simulated workers, trials of 10 s, busy", "", ">=", 0.95,
     lambda r: min(row["busy"] for row in r if row["workers"] == 1000 and row["scheduler"] == "none")),
    ("training_throughput", "training against PyTorch, fp32", "x", ">=", 1.0,
     lambda r: r["ratios"]["images_per_second"]["torch fp32 / PyTorch fp32"]),
    ("training_throughput", "training against PyTorch, precision auto", "x", ">=", 1.6,
     lambda r: r["ratios"]["images_per_second"]["torch auto / PyTorch fp32"]),
    ("fashion_mnist", "Fashion-MNIST test accuracy, 15 minutes", "", ">=", 0.925, lambda r: r["test_accuracy"]),
)


def holds(value, relation, limit):
    return {">=": value >= limit, "<=": value <= limit, ">": value > limit}[relation]


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, load average {os.getloadavg()[0]:.1f} at the start"


def main():
    names = list(dict.fromkeys(row[0] for row in WANTED))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    results = {"machine": machine()}
    print(results["machine"])
    for name in given.only:
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder, "result.json")
            subprocess.run(command(name, given.build.resolve(), output), check=True)
            results[name] = json.loads(output.read_text(encoding="utf-8"))
    missed = 0
    print("\n| | wanted | measured | |\n|---|---|---|---|")
    for name, what, unit, relation, limit, where in WANTED:
        if name not in given.only:
            continue
        value = where(results[name])
        reached = holds(value, relation, limit)
        missed += not reached
        print(f"| {what} | {relation} {limit:,} {unit} | {value:,.4g} {unit} | {'' if reached else 'missed'} |")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
