#!/usr/bin/python3
"""How near to the optimum samplers come, side by side and beside published baselines.

    tests/benchmarks/search_quality/search_quality.py BUILD --tables DIR --sampler evolution --sampler tpe:multivariate=true
        [--set tables|synthetic] [--objectives 2] [--seeds 100] [--budgets 50,100,200,300] [--parallel 1] [--jobs 2] [--markdown FILE] [--csv FILE]

A sampler is [LABEL=]ALIAS[:OPTION=VALUE,...]. Random search always runs too: the index of a sampler is the mean over
problems of its mean regret relative to random search's after the same number of evaluations. Prints Markdown.
"""
import argparse
import collections
import concurrent.futures
import csv
import math
import pathlib
import re
import statistics
import subprocess
import sys

Cell = collections.namedtuple("Cell", "n mean error median optimal distance distance_error unique seconds")
CHUNK = 25  # searches per process


def parse_sampler(text):
    label, named, rest = text.partition("=") if re.match(r"[^:=]+=[^:=]+(:|$)", text) else (text, "", text)
    alias, _, options = rest.partition(":")
    return label if named else text, alias, [o for o in options.split(",") if o]


def command(given, sampler, problem, first, n, budgets):
    _, alias, options = sampler
    line = [given.build / "tests" / "search_quality", "--sampler", alias, "--problems", re.escape(problem), "--seeds", n,
            "--first-seed", first, "--budgets", ",".join(map(str, budgets)), "--objectives", given.objectives,
            "--parallel", given.parallel, *selection(given)]
    for option in options:
        line += ["--option", option]
    return [str(part) for part in line]


def selection(given):
    chosen = ["--synthetic"] if given.set == "synthetic" else ["--tables", given.tables]
    return chosen + (["--categorical"] if given.categorical else []) + (["--plugins", given.plugins] if given.plugins else [])


def run(line):
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(line)}\n{done.stderr}")
    return list(csv.DictReader(done.stdout.splitlines()))


def searches(given, samplers, problems):
    """All rows, by (sampler's label, problem, evaluations)."""
    looks = [[b] for b in given.budgets] if given.each_budget_alone else [given.budgets]
    tasks = [(s, p, first, budgets) for s in samplers for p in problems for budgets in looks for first in range(0, given.seeds, CHUNK)]
    rows = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        outcomes = pool.map(lambda t: run(command(given, t[0], t[1], t[2], min(CHUNK, given.seeds - t[2]), t[3])), tasks)
        for task, outcome in zip(tasks, outcomes):
            for row in outcome:
                rows[task[0][0], row["problem"], int(row["evaluations"])].append(row)
    return rows


def summary(rows):
    def column(name):
        return [float(r[name]) for r in rows]

    def error(values):
        return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan

    score, distance = column("score"), column("distance")
    return Cell(len(rows), statistics.fmean(score), error(score), statistics.median(score),
                statistics.fmean(1.0 if d <= 1e-9 else 0.0 for d in distance), statistics.fmean(distance), error(distance),
                statistics.fmean(column("unique")), statistics.fmean(column("seconds")))


def index(value, labels, problems, budgets):
    """value(label, problem, budget) -> mean regret or None. Rows of (label, [index per budget or None])."""
    table = []
    for label in labels:
        line = []
        for b in budgets:
            ratios = [(value(label, p, b), value("random", p, b)) for p in problems]
            known = all(r is not None and base is not None for r, base in ratios)
            line.append(statistics.fmean(1.0 if r == base else r / base for r, base in ratios) if known and ratios else None)
        table.append((label, line))
    return table


def text(value):
    return "" if value is None else f"{value:.3g}"


def markdown(title, head, rows):
    lines = [f"\n**{title}**\n", "| " + " | ".join(map(str, head)) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join([name] + [text(v) for v in values]) + " |" for name, values in rows])


def published(folder, objectives):
    """Mean regret, or hypervolume share, by (method, problem, evaluations)."""
    if objectives == 2:
        name, column = "baselines_two_objectives.csv", "hypervolume_share_mean"
    else:
        name, column = "baselines.csv", "regret_mean"
    with open(pathlib.Path(folder) / name, encoding="utf-8") as file:
        return {(r["method"], r["problem"], int(r["evaluations"])): float(r[column]) for r in csv.DictReader(file)}


def published_index(folder):
    """The index of the baselines as their README states it: rows of (method, {evaluations: index})."""
    lines = [line.strip("| \n").split("|") for line in open(pathlib.Path(folder) / "README.md", encoding="utf-8") if line.startswith("|")]
    start = next(i for i, cells in enumerate(lines) if cells[0].strip() == "evaluations")
    names = [c.strip() for c in lines[start]][1:]
    by_budget = {int(cells[0]): cells[1:] for cells in lines[start + 2:] if cells[0].strip().isdigit()}
    return [(f"{name} (published)", {b: float(cells[i]) for b, cells in by_budget.items()}) for i, name in enumerate(names)]


def problem_table(given, labels, methods, baselines, cells, problem):
    """Our samplers and the published ones on one problem."""
    def column(field):
        return {s: [getattr(cells[s, problem, b], field) for b in given.budgets] for s in labels}

    regret = given.objectives == 1
    parts = [("mean distance", "distance"), ("median score", "median"), ("at optimum", "optimal")] if regret else [("mean share", "mean"), ("median share", "median")]
    columns = [column(field) for _, field in parts]
    rows = [(s, [v for c in columns for v in c[s]]) for s in labels]
    blank = [None] * (len(given.budgets) * (len(parts) - 1))
    rows += [(f"{m} (published)", [baselines.get((m, problem, b)) for b in given.budgets] + blank) for m in methods]
    return markdown(problem, ["sampler", *(f"{name} {b}" for name, _ in parts for b in given.budgets)], rows)


def report(given, labels, problems, cells):
    budgets, parts = given.budgets, []
    baselines = published(given.tables, given.objectives) if given.set == "tables" else {}
    methods = sorted({m for m, p, _ in baselines if p in problems})
    if given.objectives == 1:
        rows = index(lambda s, p, b: cells[s, p, b].mean, labels, problems, budgets)
        if given.set == "tables":
            rows += [(name, [values.get(b) for b in budgets]) for name, values in published_index(given.tables)]
        parts.append(markdown("Index: mean over problems of mean regret / random search's", ["sampler", *budgets], rows))
        worse = [f"{s} on {p} at {b}" for s in labels for p in problems for b in budgets if cells[s, p, b].mean > cells["random", p, b].mean]
        parts.append("\nWorse than random search: " + (", ".join(worse) or "nowhere") + ".")
    for p in problems:
        parts.append(problem_table(given, labels, methods, baselines, cells, p))
    rows = [(s, [1000 * statistics.fmean(cells[s, p, b].seconds for p in problems) / b for b in budgets]) for s in labels]
    parts.append(markdown("Milliseconds per suggestion (ask and tell)", ["sampler", *budgets], rows))
    return "\n".join(parts) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--tables", help="the folder of tables and baselines")
    arguments.add_argument("--set", choices=["tables", "synthetic"], default="tables")
    arguments.add_argument("--sampler", action="append", default=[])
    arguments.add_argument("--plugins", help="a folder of plugins, before the build's")
    arguments.add_argument("--problems", default=".*", help="a regular expression of names")
    arguments.add_argument("--objectives", type=int, default=1)
    arguments.add_argument("--categorical", action="store_true", help="declare ordinal parameters of tables as categorical")
    arguments.add_argument("--each-budget-alone", action="store_true", help="a search of its own per budget, which is its trials_max")
    arguments.add_argument("--budgets", type=lambda t: [int(b) for b in t.split(",")], default=[50, 100, 200, 300])
    arguments.add_argument("--seeds", type=int, default=100)
    arguments.add_argument("--parallel", type=int, default=1, help="trials in flight")
    arguments.add_argument("--jobs", type=int, default=1)
    arguments.add_argument("--csv", type=pathlib.Path, help="write the means here")
    arguments.add_argument("--markdown", type=pathlib.Path, help="write the tables here instead of printing them")
    given = arguments.parse_args()
    if given.set == "tables" and not given.tables:
        arguments.error("--tables is needed for --set tables")
    samplers = [parse_sampler(s) for s in given.sampler]
    if "random" not in [s[0] for s in samplers]:
        samplers.insert(0, ("random", "random", []))
    listing = [given.build / "tests" / "search_quality", "--list", "--problems", given.problems, "--objectives", given.objectives, *selection(given)]
    listed = subprocess.run([str(part) for part in listing], capture_output=True, text=True, check=False)
    problems = listed.stdout.split()
    if listed.returncode != 0 or not problems:
        sys.exit(listed.stderr or "no problem has such a name")
    rows = searches(given, samplers, problems)
    cells = {key: summary(value) for key, value in rows.items()}
    if given.csv:
        with open(given.csv, "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["sampler", "problem", "evaluations", *Cell._fields])
            out.writerows([*key, *cell] for key, cell in cells.items())
    tables = report(given, [s[0] for s in samplers], problems, cells)
    if given.markdown:
        given.markdown.write_text(tables, encoding="utf-8")
    else:
        print(tables)


if __name__ == "__main__":
    main()
