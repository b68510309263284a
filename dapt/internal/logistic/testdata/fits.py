"""Prints what scikit-learn makes of made-up features: fits, and the whole search of a linear probe.

    python fits.py fits > fits.json    # scikit-learn 1.7.2, numpy 2.4.6, scipy 1.17.1
    python fits.py search > ../../../experiment/testdata/probe.json

Features are made by integers alone, so that the tests make the same ones.
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

WIDTH = 32


def features(count, classes, noise, salt):
    """A point for each class, and so much noise; items are of classes 0, 1, 2, 0, 1, 2... All are multiples of 2^-8."""
    item, place = np.meshgrid(np.arange(count, dtype=np.int64), np.arange(WIDTH, dtype=np.int64), indexing="ij")
    label = item[:, 0] % classes
    point = ((label[:, None] + 1) * 7919 + place * 104729) % 512 - 256
    mixed = (item * 1000003 + place * 7368787 + salt * 15485863) % 2147483647
    mixed = mixed * mixed % 2147483647
    rough = mixed % 512 - 256
    return ((point + noise * rough) / 256).astype(np.float32), label


def fit(x, y, c):
    return LogisticRegression(solver="lbfgs", max_iter=1000, penalty="l2", C=c).fit(x, y)


def fits():
    out = []
    for classes, count, noise in [(2, 30, 2), (3, 24, 1), (5, 60, 3)]:
        x, y = features(count, classes, noise, 1)
        test, _ = features(40, classes, noise, 2)
        for c in [1e6, 1e2, 1.0, 1e-2, 1e-6]:
            model = fit(x, y, c)
            out.append({
                "classes": classes, "count": count, "noise": noise, "c": c, "iterations": int(model.n_iter_[0]),
                "weights": model.coef_.ravel().tolist(), "intercepts": model.intercept_.tolist(), "predicted": model.predict(test).tolist(),
            })
    return out


def draw(labels, among, count):
    picked = []
    for label in np.unique(among):
        own = np.where(labels == label)[0]
        picked.extend(np.random.choice(own, size=count, replace=False).tolist())
    return picked


def percent(model, x, y):
    return 100 * float(np.sum(model.predict(x) == y)) / len(y)


def search(train, val, test):
    """protocols.md, section 6: the scan, then eight steps."""
    scan = [1e6, 1e4, 1e2, 1, 1e-2, 1e-4, 1e-6]
    accuracies = [percent(fit(*train, c), *val) for c in scan]
    left, right = np.log10(scan[int(np.argmax(accuracies))]) - 1, np.log10(scan[int(np.argmax(accuracies))]) + 1
    steps = []
    for _ in range(8):
        a, b = fit(*train, 10.0**left), fit(*train, 10.0**right)
        at_a, at_b = percent(a, *val), percent(b, *val)
        model, c = (b, 10.0**right) if at_b > at_a else (a, 10.0**left)
        steps.append({"left": 10.0**left, "right": 10.0**right, "val_left": at_a, "val_right": at_b, "c": c, "test": percent(model, *test)})
        middle = (left + right) / 2
        left, right = (middle, right) if at_b > at_a else (left, middle)
    return accuracies, steps


def searches():
    classes, noise = 5, 2
    train, val, test = (features(n, classes, noise, salt) for n, salt in [(110, 11), (45, 12), (200, 13)])
    out = []
    for shots, count in [(1, 1), (2, 2), (4, 4), (8, 4), (16, 4)]:
        for seed in [1, 2, 3]:
            np.random.seed(seed)
            picked = draw(train[1], train[1], shots)
            seen = draw(val[1], train[1], count)
            accuracies, steps = search((train[0][picked], train[1][picked]), (val[0][seen], val[1][seen]), test)
            out.append({"shots": shots, "seed": seed, "train": picked, "val": seen, "scan": accuracies, "steps": steps})
    return {"classes": classes, "noise": noise, "sizes": [110, 45, 200], "salts": [11, 12, 13], "runs": out}


print(json.dumps({"width": WIDTH} | {"fits": lambda: {"fits": fits()}, "search": searches}[sys.argv[1]]()))
