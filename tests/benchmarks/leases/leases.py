#!/usr/bin/python3
"""Empty trials through a store: how many a second workers lease and finish, in PostgreSQL and in an SQLite file.

    tests/benchmarks/leases/leases.py BUILD [--workers 1 8 32] [--trials 4000] [--json FILE]

Each worker has a connection of its own; a trial is two transactions. The PostgreSQL server is private, on loopback, and flushes
every commit as it comes from its package. Prints a table and, with --json, writes the numbers.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.postgresql import PostgreSQL  # noqa: E402


def run(build, store, workers, trials):
    out = subprocess.run([build / "tests" / "leases", store, str(workers), str(trials)], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--workers", type=int, nargs="+", default=[1, 8, 32])
    arguments.add_argument("--trials", type=int, default=4_000)
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder, PostgreSQL() as server:
        server.create_database("leases")
        stores = {"PostgreSQL": server.url("leases"), "SQLite file": str(pathlib.Path(folder) / "leases.db")}
        for engine, store in stores.items():
            for workers in given.workers:
                results[f"{engine}, {workers} workers"] = run(given.build, store, workers, given.trials)
    print(f"{'leased and finished':28} {'trials':>8} {'seconds':>9} {'trials/s':>10}")
    for name, r in results.items():
        print(f"{name:28} {r['trials']:8} {r['seconds']:9.2f} {r['trials_per_second']:10}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
