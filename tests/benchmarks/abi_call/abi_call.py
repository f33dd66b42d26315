#!/usr/bin/python3
"""What the border between host and plugins costs, in nanoseconds; medians of nine repetitions.

    tests/benchmarks/abi_call/abi_call.py BUILD [--json FILE]
"""
import argparse
import json
import pathlib
import subprocess


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    out = subprocess.run([given.build / "tests" / "abi_call", "--benchmark_format=json", "--benchmark_repetitions=9",
                          "--benchmark_min_time=0.2", "--benchmark_enable_random_interleaving=true"],
                         check=True, capture_output=True, text=True).stdout
    medians = {run["run_name"]: run for run in json.loads(out)["benchmarks"] if run.get("aggregate_name") == "median"}
    results = {name: 1e9 * run.get("seconds_per_parameter", run["cpu_time"] * 1e-9) for name, run in medians.items()}
    results["call_through_the_abi - virtual_call"] = results["call_through_the_abi"] - results["virtual_call"]
    for name, nanoseconds in results.items():
        print(f"{name:40} {nanoseconds:8.2f} ns{' a parameter' if 'ask' in name else ''}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
