#!/usr/bin/python3
"""Time a scheduler's own code takes to decide, with 10,000 trials to compare with.

    tests/benchmarks/scheduler_speed/scheduler_speed.py BUILD [--trials 10000] [--json FILE]

`decide` is asked when a trial reports at a rung, `poll` before every leg of training that is handed out. `answers` is a digest of all
that was answered: equal digests, equal decisions. Needs a Release build.
"""
import argparse
import json
import pathlib
import subprocess

# name: plugin, options
CASES = {
    "asha": ("asha", []),
    "asha, promotion": ("asha", ["form=promotion"]),
    "median": ("median", []),
    "percentile": ("percentile", []),
    "hyperband": ("hyperband", []),
    "successive-halving": ("successive-halving", []),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--trials", type=int, default=10_000)
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    results = []
    print(f"{'scheduler':22} {'objectives':>10} {'reports':>8} {'decide ms':>10} {'poll ms':>9}  answers")
    for objectives in (1, 2):
        for name, (plugin, options) in CASES.items():
            library = given.build / "lib" / "nascent" / "plugins" / f"nascent-{plugin}.so"
            command = [given.build / "tests" / "scheduler_speed", library, str(given.trials), str(objectives), *options]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            results.append({"scheduler": name, "objectives": objectives, **row})
            print(f"{name:22} {objectives:10} {row['reports']:8} {row['decide_ms']:10.3f} {row['poll_ms']:9.3f}  {row['answers']}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
