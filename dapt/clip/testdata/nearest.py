"""Prints nearest.json: the nearest rows of a table by NumPy 2.4.6, for the test of Nearest.

Table and vectors are made by integers alone, so that the test makes the same ones. Rows repeat, so that there are ties.
"""

import json

import numpy as np

ROWS, WIDTH, TOP = 520, 6, 12


def row(number):
    number = number % 200  # rows 0, 200 and 400 are equal
    place = np.arange(WIDTH, dtype=np.int64)
    mixed = (number * 1000003 + place * 7368787 + 11) % 2147483647
    return (mixed * mixed % 2147483647 % 64 - 32) / 32


table = np.array([row(i) for i in range(ROWS)], dtype=np.float32)
vectors = [row(7), row(150), row(7) + row(8), np.zeros(WIDTH), np.full(WIDTH, 3.0)]
out = []
for vector in vectors:
    distance = np.linalg.norm(table.astype(np.float64) - vector.astype(np.float32).astype(np.float64), axis=1)
    order = np.argsort(distance, kind="stable")[:TOP]
    out.append({"vector": vector.tolist(), "ids": order.tolist(), "distances": distance[order].tolist()})
print(json.dumps({"rows": ROWS, "width": WIDTH, "vectors": out}))
