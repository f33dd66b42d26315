#!/usr/bin/python3
"""Memory and open files of the coordinator and its workers over many trials: they stay flat.

    tests/benchmarks/soak/soak.py BUILD [--trials 100000] [--workers 2] [--json FILE]

Looks up every trial in a table, in worker processes. Samples /proc ten times a second, fits a line through the second half
of the samples, and fails when a process gained a file or more memory per trial than its share: the coordinator
remembers every trial, a worker none. Needs Linux.
"""
import argparse
import collections
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

STUDY = """
[study]
name = "soak"
parallel = 16
duplicates = "retrain"
store = "{store}"
[objective]
metric = "score"
direction = "maximize"
[stop]
trials = {trials}
[space]
type = "declared"
[space.parameters]
x = {{ int_uniform = [1, 100] }}
y = {{ int_uniform = [1, 10] }}
[sampler]
type = "random"
[[evaluator]]
type = "table"
file = "{folder}/table.csv"
[evaluator.metrics]
score = "score"
[workers]
execution = "workers"
count = {workers}
"""
# Bytes a trial. The coordinator keeps what a sampler may ask for, columns grow by doubling.
COORDINATOR_MOST, WORKER_MOST = 1024, 64
SLACK = 1 << 20  # what allocators and page caches move about, over the whole of a short run


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def sample(pid):
    """Resident bytes and open files, or None where the process has ended."""
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        return (pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{pid}/fd"))) if pages > 0 else None
    except (OSError, ValueError, IndexError):
        return None


def slope(points):
    """Least squares through (x, y)."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    environment = dict(os.environ, NASCENT_PLUGIN_PATH=str(given.build.resolve() / "lib" / "nascent" / "plugins"))
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "soak.db")
        file = pathlib.Path(folder, "soak.toml")
        file.write_text(STUDY.format(folder=folder, store=store, trials=given.trials, workers=given.workers), encoding="utf-8")
        rows = "".join(f"{x},{y},{x * 37 % 100 / 100 + y / 1000}\n" for x in range(1, 101) for y in range(1, 11))
        pathlib.Path(folder, "table.csv").write_text("x,y,score\n" + rows, encoding="utf-8")
        begin = time.monotonic()
        run = subprocess.Popen([given.build / "bin" / "nascent", "run", file], env=environment, stdout=subprocess.DEVNULL)
        samples = collections.defaultdict(list)  # by process: (trials so far, resident bytes, open files)
        while run.poll() is None:
            time.sleep(0.1)
            try:
                with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
                    (done,) = database.execute("SELECT coalesce(max(landed), 0) FROM trials WHERE study_id = 1 AND landed IS NOT NULL").fetchone()
                database.close()
            except sqlite3.Error:  # not made yet
                continue
            for pid in [run.pid, *children(run.pid)]:
                if (seen := sample(pid)) and done > 0:
                    samples[pid].append((done, *seen))
        seconds = time.monotonic() - begin
        if run.returncode != 0:
            sys.exit(f"soak: nascent ended with {run.returncode}")
        with sqlite3.connect(store) as database:
            counted = database.execute("SELECT count(*), count(DISTINCT id), sum(state = 'completed'), max(attempts) FROM trials").fetchone()
        database.close()
    failures = [] if counted == (given.trials,) * 3 + (1,) else [f"trials stored, different, completed and most attempts: {counted}"]
    results = {"trials": given.trials, "seconds": round(seconds, 1), "processes": []}
    for pid, points in samples.items():
        late = points[len(points) // 2:]
        if len(late) < 5:
            continue
        is_coordinator = pid == run.pid
        trials = late[-1][0] - late[0][0]
        bytes_each = slope([(done, resident) for done, resident, _ in late])
        files = [n for *_, n in late]
        files_gained = slope([(done, n) for done, _, n in late]) * trials
        name = "coordinator" if is_coordinator else "worker"
        results["processes"].append({"name": name, "bytes_a_trial": round(bytes_each, 1), "resident_mib": round(late[-1][1] / 2**20, 1),
                                     "files": files[-1], "files_gained": round(files_gained, 2)})
        print(f"{name:12} {late[-1][1] / 2**20:7.1f} MiB, {bytes_each:8.1f} bytes a trial, {files[-1]} files ({files_gained:+.2f})")
        most = (COORDINATOR_MOST if is_coordinator else WORKER_MOST) * trials + SLACK
        if bytes_each * trials > most:
            failures.append(f"{name} {pid} gained {bytes_each * trials:.0f} bytes in {trials} trials; at most {most} are its own")
        if files_gained > 1:
            failures.append(f"{name} {pid} gained {files_gained:.1f} open files in {trials} trials")
    if len(results["processes"]) < 1 + given.workers:
        failures.append(f"{len(results['processes'])} processes were seen for long enough; expected {1 + given.workers}")
    print(f"{given.trials} trials in {seconds:.1f} s, {seconds / given.trials * 1e3:.2f} ms each")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.exit("\n".join(f"soak: {failure}" for failure in failures) or 0)


if __name__ == "__main__":
    main()
