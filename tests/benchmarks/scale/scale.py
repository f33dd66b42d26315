#!/usr/bin/python3
"""A study of a million trials: how long it takes to look at it and to go on, and whether a trial costs more late than early.

    tests/benchmarks/scale/scale.py BUILD [--trials 1000000] [--folder DIR] [--json FILE]

Makes the study with `search_loop` (sampler `random`, a table, inline), then times each command on it: seconds from the start of
its process, seconds of processor time (what counts where other work runs beside it), and peak memory. `resume` counts until
the first new trial is in the store. The loop's cost is processor time a trial, in memory and durable: from the first
thousandth of the trials to a tenth, and from there to the end, each from two searches of different length.
"""
import argparse
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "search_loop"))
import search_loop

PARALLEL = 256


def cpu_of_loop(build, table, store, trials):
    """Processor seconds and peak MiB of a search."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = search_loop.run_ours(build, table, store, trials, PARALLEL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run["peak_memory_mib"]


def timed(command, **options):
    """Ended process, wall seconds, processor seconds, peak MiB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"scale: {' '.join(map(str, command))} ended with {process.returncode}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--folder", type=pathlib.Path, help="where the study is made; default: a temporary one")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    os.environ["NASCENT_PLUGIN_PATH"] = str(given.build.resolve() / "lib" / "nascent" / "plugins")
    nascent = given.build.resolve() / "bin" / "nascent"
    results = {"trials": given.trials, "loop": {}, "commands": {}}
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        folder = pathlib.Path(folder)
        table, store = folder / "table.csv", folder / "study.db"
        search_loop.write_table(table)
        print(f"{'search loop, trials':34} {'cpu us each':>11} {'peak MiB':>9}")
        for where in (":memory:", "SQLite file"):
            earlier = earlier_cpu = 0
            for n in (given.trials // 1000, given.trials // 10, given.trials):
                store.unlink(missing_ok=True)
                cpu, peak = cpu_of_loop(given.build, table, where if where == ":memory:" else store, n)
                if earlier > 0:  # before that the start of the process is most of it
                    cost = (cpu - earlier_cpu) / (n - earlier) * 1e6
                    results["loop"].setdefault(where, {})[n] = {"cpu_us_a_trial": round(cost, 2), "peak_mib": peak}
                    print(f"{f'{where}, {earlier:,} to {n:,}':34} {cost:11.2f} {peak:9.1f}")
                earlier, earlier_cpu = n, cpu
        print(f"\n{'command':28} {'seconds':>8} {'cpu s':>7} {'peak MiB':>9}")
        commands = {"best": ["best", store], "best --top 10": ["best", store, "--top", "10"], "status": ["status", store], "show": ["show", store],
                    "trials --limit 20": ["trials", store, "--limit", "20"],
                    "trials --sort --limit 20": ["trials", store, "--sort", "-accuracy", "--limit", "20"]}
        for name, arguments in commands.items():
            wall, cpu, peak = timed([nascent, *arguments])
            results["commands"][name] = {"seconds": round(wall, 3), "cpu_seconds": round(cpu, 3), "peak_mib": round(peak, 1)}
            print(f"{name:28} {wall:8.2f} {cpu:7.2f} {peak:9.1f}")
        begin = time.time()
        wall, cpu, peak = timed([nascent, "resume", store, "--set", f"stop.trials={given.trials + 1}"], stderr=subprocess.DEVNULL)
        with sqlite3.connect(store) as database:
            (at,) = database.execute("SELECT finished_at FROM trials WHERE study_id = 1 AND id = ?", (given.trials,)).fetchone()
        database.close()
        results["commands"]["resume, first new trial"] = {"seconds": round(at - begin, 3), "cpu_seconds": round(cpu, 3), "peak_mib": round(peak, 1)}
        print(f"{'resume, first new trial':28} {at - begin:8.2f} {'':>7} {'':>9}\n{'resume, to its end':28} {wall:8.2f} {cpu:7.2f} {peak:9.1f}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
