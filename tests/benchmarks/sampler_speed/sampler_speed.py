#!/usr/bin/python3
"""Time per suggestion of the samplers against Optuna's, on 40 mixed parameters, in one run.

    tests/benchmarks/sampler_speed/sampler_speed.py BUILD [--only NAME ...] [--json FILE]

Each comparison runs the program sampler_speed (three times, the median counts) and then Optuna (once) with the same
space, objective and number of trials; `told` trials are known before the clock starts. Samplers that are not built are
named and skipped. Needs a Release build, and python3-optuna for the comparison.
"""
import argparse
import json
import math
import pathlib
import subprocess
import time

# name: plugin, trials, objectives, told before, Optuna's sampler (None: no counterpart; milliseconds count), pending
CASES = {
    "tpe": ("tpe", 1_000, 1, 0, "TPESampler"),
    "tpe, two objectives": ("tpe", 1_000, 2, 0, "TPESampler"),
    "cmaes": ("cmaes", 10_000, 1, 0, "CmaEsSampler"),
    "nsga2, two objectives": ("nsga2", 10_000, 2, 0, "NSGAIISampler"),
    "gp at 500 observations": ("gp", 20, 1, 500, None),
    "tpe at 1,000 observations": ("tpe", 200, 1, 1_000, None),
    "tpe at 10,000 observations": ("tpe", 200, 1, 10_000, None),
    "tpe at 100,000 observations": ("tpe", 200, 1, 100_000, None),
    "tpe at 100,000 observations, two objectives": ("tpe", 200, 2, 100_000, None),
    "tpe at 1,000 pending": ("tpe", 50, 1, 1_000, None, 1_000),
    "tpe at 10,000 pending": ("tpe", 50, 1, 1_000, None, 10_000),
}


def run_ours(build, case):
    plugin, trials, objectives, told, _, *pending = case
    library = build / "lib" / "nascent" / "plugins" / f"nascent-{plugin}.so"
    if not library.exists():
        return None
    command = [build / "tests" / "sampler_speed", library, str(trials), str(objectives), str(told), *map(str, pending)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    return sorted(runs, key=lambda run: run["seconds"])[1]


def objectives_of(trial, n):
    """The objectives of sampler_speed.cpp."""
    x = [trial.suggest_float(f"x{i}", -5, 5) for i in range(10)]
    rate = [math.log10(trial.suggest_float(f"l{i}", 1e-5, 1e-1, log=True)) for i in range(10)]
    whole = [trial.suggest_int(f"i{i}", 1, 64) for i in range(10)]
    choice = [trial.suggest_categorical(f"c{i}", ["a", "b", "c", "d", "e"]) for i in range(10)]
    values = []
    for k in range(n):
        total = sum((v - 1 + 2 * k) ** 2 for v in x) + sum((v + 3 - k) ** 2 for v in rate)
        total += sum(((v - 20 - 20 * k) / 10) ** 2 for v in whole) + sum(v != "abcde"[1 + k] for v in choice)
        values.append(total)
    return values if n > 1 else values[0]


def run_optuna(case):
    import optuna

    _, trials, objectives, _, sampler, *_ = case
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    options = {"warn_independent_sampling": False} if sampler == "CmaEsSampler" else {}
    optunas = getattr(optuna.samplers, sampler)(seed=1, **options)
    study = optuna.create_study(directions=["minimize"] * objectives, sampler=optunas)
    start = time.perf_counter()
    study.optimize(lambda trial: objectives_of(trial, objectives), n_trials=trials)
    seconds = time.perf_counter() - start
    return {"trials": trials, "seconds": round(seconds, 3), "suggestion_ms": seconds / trials * 1e3,
            "best": min(t.values[0] for t in study.trials)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--only", nargs="*", choices=list(CASES), help="comparisons to run; all if left out")
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    try:
        import optuna  # noqa: F401
        has_optuna = True
    except ImportError:
        has_optuna = False
        print("python3-optuna is not installed: no comparison")
    results = {}
    print(f"{'':46} {'trials':>7} {'ms/suggestion':>14} {'slowest ask':>12} {'Optuna ms':>10} {'ratio':>8}", flush=True)
    for name in given.only or CASES:
        case = CASES[name]
        ours = run_ours(given.build, case)
        if ours is None:
            print(f"{name:46} skipped: sampler '{case[0]}' is not built", flush=True)
            continue
        peer = run_optuna(case) if has_optuna and case[4] else None
        results[name] = {"nascent": ours, "optuna": peer, "ratio": peer["seconds"] / ours["seconds"] if peer else None}
        line = f"{name:46} {ours['trials']:7.0f} {ours['suggestion_ms']:14.4f} {ours['ask_ms_max']:12.3f}"
        if peer:
            line += f" {peer['suggestion_ms']:10.1f} {results[name]['ratio']:7.0f}x"
        print(line, flush=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
