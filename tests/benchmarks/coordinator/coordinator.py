#!/usr/bin/python3
"""What the coordinator costs: two workers, trials that sleep 50 ms, and the time in which a worker has none.

    tests/benchmarks/coordinator/coordinator.py BUILD [--trials 400] [--workers 2] [--parallel 4] [--json FILE]

From the rows of the store: a worker's time between the end of a trial and the start of its next. `overhead` is that time a
trial of the whole study, `utilisation` the share of the workers' time, from the first start to the last end, in which they had
a trial. `parallel` as wide as the workers leaves them waiting for the coordinator after every trial; twice as wide, the next
trial is queued already. The trainer is a fake of the tests.
"""
import argparse
import collections
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import tempfile

STUDY = """
study = {{ name = "study", parallel = {parallel}, duplicates = "retrain" }}
objective = {{ metric = "val_loss", direction = "minimize" }}
stop = {{ trials = {trials} }}
budget = {{ epochs = 1 }}
space = {{ type = "plane" }}
sampler = {{ type = "random" }}
trainer = {{ type = "moody", epoch_ms = 50 }}
workers = {{ count = {workers} }}
plugins = {{ path = "{fakes}" }}
"""


def measure(build, trials, workers, parallel):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "study.toml")
        file.write_text(STUDY.format(trials=trials, workers=workers, parallel=parallel, fakes=build / "tests" / "fakes"), encoding="utf-8")
        subprocess.run([build / "bin" / "nascent", "run", file], check=True, capture_output=True, cwd=folder)
        with sqlite3.connect(pathlib.Path(folder, "study.db")) as database:
            rows = database.execute("SELECT worker, started_at, finished_at FROM trials WHERE state = 'completed' ORDER BY started_at").fetchall()
        database.close()
    by_worker = collections.defaultdict(list)
    for worker, started, finished in rows:
        by_worker[worker].append((started, finished))
    gaps = [after[0] - before[1] for spans in by_worker.values() for before, after in zip(spans, spans[1:])]
    wall = max(finished for *_, finished in rows) - min(started for _, started, _ in rows)
    busy = sum(finished - started for _, started, finished in rows)
    return {"parallel": parallel, "trials": len(rows), "wall_ms_a_trial": wall / len(rows) * 1e3,
            "overhead_ms_a_trial": (wall * workers - busy) / len(rows) / workers * 1e3,
            "gap_ms_median": statistics.median(gaps) * 1e3, "gap_ms_p95": statistics.quantiles(gaps, n=20)[-1] * 1e3,
            "trial_ms_median": statistics.median(finished - started for _, started, finished in rows) * 1e3,
            "utilisation": busy / workers / wall}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--parallel", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    build = given.build.resolve()
    os.environ["NASCENT_PLUGIN_PATH"] = str(build / "lib" / "nascent" / "plugins")
    results = {}
    for parallel in given.parallel:
        r = results[str(parallel)] = measure(build, given.trials, given.workers, parallel)
        print(f"parallel {parallel}: {r['wall_ms_a_trial']:.2f} ms a trial, overhead {r['overhead_ms_a_trial']:.2f} ms, utilisation {r['utilisation']:.4f}; "
              f"gap median {r['gap_ms_median']:.2f} ms, p95 {r['gap_ms_p95']:.2f} ms; a trial {r['trial_ms_median']:.2f} ms")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
