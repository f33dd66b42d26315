#!/usr/bin/env python3
"""Training throughput of trainer torch in one process and in several together (`processes`), one thread each.

usage: together.py TRAIN_FASHION_MNIST [--processes N] [--batches 128,256,512] [--network WIDTHS] [--rounds N] [--steps N] [--json FILE]
Each round runs both one after the other at every batch size; the speed-ups are the medians of the rounds' ratios. As many cores as
processes have to be idle: with fewer it measures how they wait for each other.
"""
import argparse
import json
import statistics
import sys

from run import WIDTHS, measure


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batches", default="128,256,512")
    parser.add_argument("--network", default=WIDTHS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    result = {"network": arguments.network, "processes": arguments.processes, "rounds": arguments.rounds, "batches": []}
    print(f"{'batch':>6}{'1 process':>12}{f'{arguments.processes} processes':>14}  images/s")
    for batch in map(int, arguments.batches.split(",")):
        rates = {1: [], arguments.processes: []}
        for _ in range(arguments.rounds):
            for processes, measured in rates.items():
                command = [arguments.program, "plain:" + arguments.network, "steps", str(arguments.steps), "60000", "optimizer=sgd", "learning_rate=0.05",
                           "schedule=constant", "precision=fp32", f"batch_size={batch}", f"processes={processes}"]
                measured.append(measure(command)["images_per_second"])
        alone, together = rates[1], rates[arguments.processes]
        speedup = statistics.median(b / a for a, b in zip(alone, together))
        result["batches"].append({"batch_size": batch, "alone": statistics.median(alone), "together": statistics.median(together), "speedup": speedup})
        print(f"{batch:6}{statistics.median(alone):12.0f}{statistics.median(together):14.0f}  {speedup:.2f}x", flush=True)
    print(json.dumps(result))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
