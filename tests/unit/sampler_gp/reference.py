#!/usr/bin/python3
"""Writes reference.hpp: what scikit-learn and mpmath say that the tests of sampler gp are to find.

    tests/unit/sampler_gp/reference.py > tests/unit/sampler_gp/reference.hpp

Needs python3-sklearn and python3-mpmath. The kernel is put together from scikit-learn's Matern and RBF kernels on
columns of the data: an arc is two columns, a categorical one column per choice.
"""
import math

import mpmath
import numpy
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, NormalizedKernelMixin, Kernel

SIGNAL, NOISE = 1.7, 0.03
LENGTHS = {"a": 0.4, "b": 1.3, "arc": 0.8, "choice": 0.9}
RHO = 0.6
CHOICES = 3


class On(NormalizedKernelMixin, Kernel):
    """A kernel that sees some columns."""

    def __init__(self, kernel, columns):
        self.kernel, self.columns = kernel, columns

    def __call__(self, X, Y=None, eval_gradient=False):
        assert not eval_gradient
        return self.kernel(X[:, self.columns], None if Y is None else Y[:, self.columns])

    def is_stationary(self):
        return True


def rows(n, seed):
    """Columns a, b, arc (nan where inactive), choice (-1 where inactive)."""
    rng = numpy.random.default_rng(seed)
    x = numpy.column_stack([rng.random((n, 3)), rng.integers(-1, CHOICES, n)])
    x[rng.random(n) < 0.4, 2] = math.nan
    return x.round(4)


def columns(x):
    active = ~numpy.isnan(x[:, 2])
    turn = math.pi * RHO * numpy.where(active, x[:, 2], 0)
    arc = [numpy.where(active, numpy.sin(turn), 0), numpy.where(active, numpy.cos(turn), 0)]
    one_hot = [x[:, 3] == c for c in range(-1, CHOICES)]
    return numpy.column_stack([x[:, 0], x[:, 1], *arc, *one_hot]).astype(float)


def table(name, values):
    text = ", ".join(repr(float(v)) if not math.isnan(v) else "kInactive" for v in numpy.ravel(values))
    print(f"inline const std::vector<double> {name}{{{text}}};")


def main():
    train, test = rows(12, 1), rows(5, 2)
    y = numpy.random.default_rng(3).normal(size=12).round(4)
    numbers = Matern([LENGTHS["a"], LENGTHS["b"], LENGTHS["arc"], LENGTHS["arc"]], nu=2.5)
    choices = RBF(math.sqrt(2) * LENGTHS["choice"])  # differing one-hot columns lie sqrt(2) apart
    kernel = ConstantKernel(SIGNAL) * On(numbers, range(4)) * On(choices, range(4, 5 + CHOICES))
    process = GaussianProcessRegressor(kernel, alpha=NOISE, optimizer=None).fit(columns(train), y)
    mean, covariance = process.predict(columns(test), return_cov=True)
    print("// What scikit-learn", sklearn.__version__, "and mpmath", mpmath.__version__, "say. Written by reference.py.")
    print("#pragma once\n\n#include <limits>\n#include <vector>\n\nnamespace nascent::gp::reference {\n")
    print("inline constexpr double kInactive = std::numeric_limits<double>::quiet_NaN();")
    print("// log of: signal and noise variance, four length scales, rho.")
    table("kTheta", [math.log(v) for v in (SIGNAL, NOISE, *LENGTHS.values(), RHO)])
    print("// Rows of two numbers, a number that may be inactive, and a categorical.")
    table("kTrain", train)
    table("kTest", test)
    print("// Values at kTrain; mean and covariance [5][5] at kTest.")
    table("kValues", y)
    table("kMean", mean)
    table("kCovariance", covariance)
    print(f"inline constexpr double kLogMarginalLikelihood = {process.log_marginal_likelihood_value_!r};")
    print("// z, and log(phi(z) + z Phi(z)) with 60 digits.")
    mpmath.mp.dps = 60
    at = [-1e6, -300, -40, -25.01, -24.99, -12, -3, -1.01, -0.99, 0, 1, 5, 40]
    table("kImprovementAt", at)
    z = [mpmath.mpf(v) for v in at]
    table("kLogImprovement", [float(mpmath.log(tail(v))) for v in z])
    print("// log(Phi(z)) at the same z.")
    table("kLogNormalCdf", [float(mpmath.log(mpmath.erfc(-v / mpmath.sqrt(2)) / 2)) for v in z])
    print("\n}  // namespace nascent::gp::reference")


def tail(z):
    """phi(z) + z Phi(z) with digits to spare; far below 0 the terms cancel."""
    mpmath.mp.dps = 60 + int(max(0, 4 * mpmath.log10(1 + abs(z))))
    return mpmath.npdf(z) + z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2


if __name__ == "__main__":
    main()
