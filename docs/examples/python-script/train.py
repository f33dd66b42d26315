"""Fits a polynomial by gradient descent. The two marked lines are all that nascent needs."""
import json
import math
import os
import random

parameters = {"degree": 3, "learning_rate": 0.1}
parameters.update(json.load(open(os.environ["NASCENT_TRIAL"]))["parameters"])  # <- the trial's values

random.seed(0)
xs = [random.uniform(-1, 1) for _ in range(200)]
ys = [math.sin(3 * x) + random.gauss(0, 0.05) for x in xs]
train, held_out = range(0, 150), range(150, 200)
weights = [0.0] * (parameters["degree"] + 1)


def predict(x):
    return sum(w * x**k for k, w in enumerate(weights))


for epoch in range(1, 31):
    for i in train:
        error = predict(xs[i]) - ys[i]
        for k in range(len(weights)):
            weights[k] -= parameters["learning_rate"] * error * xs[i] ** k
    loss = sum((predict(xs[i]) - ys[i]) ** 2 for i in held_out) / len(held_out)
    os.write(int(os.environ["NASCENT_REPORT"]), (json.dumps({"val_loss": loss}) + "\n").encode())  # <- the metric
