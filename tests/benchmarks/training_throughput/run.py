#!/usr/bin/env python3
"""Training throughput of trainer torch against the plain PyTorch loop on the same LibTorch: one thread, batch 128.

usage: run.py TRAIN_FASHION_MNIST [--device cpu|cuda] [--python PYTHON] [--rounds N] [--steps N] [--json FILE]
Each round runs all four programs once, one after the other, so that a busy machine slows all of them alike; the ratios are the
medians of the rounds' ratios. Wall time is what counts; CPU time is printed beside it for machines that are not idle.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

WIDTHS = "16,/32,32,32"
HERE = os.path.dirname(os.path.abspath(__file__))


def environment():
    """What nascent-worker sets."""
    flags = open("/proc/cpuinfo", encoding="ascii").read()
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
            **({"ATEN_CPU_CAPABILITY": "avx512"} if "avx512bw" in flags else {})}


def measure(command):
    out = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout
    return next(record for record in map(json.loads, out.splitlines()[::-1]) if "images_per_second" in record)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--python", default="/usr/bin/python3", help="one that has torch, by default Debian's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    steps = str(arguments.steps)
    ours = [arguments.program, "plain:" + WIDTHS, "steps", steps, "60000", "optimizer=sgd", "learning_rate=0.05", "weight_decay=0.0005", "schedule=constant",
            "device=" + arguments.device]
    loop = [arguments.python, os.path.join(HERE, "train_loop.py"), WIDTHS, steps]
    programs = {"PyTorch fp32": loop + ["fp32", arguments.device], "torch fp32": ours + ["precision=fp32"],
                "PyTorch bf16": loop + ["bf16", arguments.device], "torch auto": ours + ["precision=auto"]}
    rates = {name: [] for name in programs}
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            rates[name].append(measure(command))
    result = {"network": WIDTHS, "batch_size": 128, "threads": 1, "device": arguments.device, "rounds": arguments.rounds, "images_per_second": {}, "ratios": {}}
    for clock in ("images_per_second", "images_per_cpu_second"):
        result[clock] = {name: statistics.median(r[clock] for r in runs) for name, runs in rates.items()}
        result["ratios"][clock] = {
            f"{a} / {b}": statistics.median(x[clock] / y[clock] for x, y in zip(rates[a], rates[b]))
            for a, b in (("torch fp32", "PyTorch fp32"), ("torch auto", "PyTorch fp32"), ("torch auto", "PyTorch bf16"))}
    print(f"{'':16}{'images/s':>12}{'images/CPU s':>14}")
    for name in programs:
        print(f"{name:16}{result['images_per_second'][name]:12.0f}{result['images_per_cpu_second'][name]:14.0f}")
    for pair, ratio in result["ratios"]["images_per_second"].items():
        print(f"{pair:32}{ratio:6.2f}x wall {result['ratios']['images_per_cpu_second'][pair]:6.2f}x CPU")
    print(json.dumps(result))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
