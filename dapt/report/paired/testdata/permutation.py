"""p of paired differences, [classes][seeds], by scipy.stats.permutation_test: python permutation.py > permutation.json"""
import json

import numpy
from scipy.stats import permutation_test

rng = numpy.random.default_rng(7)
cases = []
for classes, seeds, gain in [(8, 3, 0.0), (13, 3, 1.0), (12, 1, 0.5), (30, 3, 0.4), (60, 3, 0.5), (70, 2, 0.0)]:
    # multiples of 2.5, as with 40 images a class, so that sums tie
    differences = numpy.round(rng.normal(gain, 1.5, (classes, seeds))) * 2.5
    exact = classes <= 13
    found = permutation_test(
        (differences.mean(1),), numpy.mean, permutation_type="samples", alternative="two-sided",
        n_resamples=numpy.inf if exact else 400_000, rng=numpy.random.default_rng(8),
    )
    p = float(found.pvalue)
    within = 1e-12 if exact else 4 * (p * (1 - p) / 10_000) ** 0.5  # four deviations of 10,000 draws
    cases.append({"Differences": differences.tolist(), "P": p, "Within": within})
print(json.dumps(cases))
