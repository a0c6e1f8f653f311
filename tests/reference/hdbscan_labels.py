"""Writes hdbscan_labels.csv beside itself: `python hdbscan_labels.py zueri_wie_neu_2016-2025_cleaned.csv`.

Points: 1,200 of the waste reports of Zürich in 2024 (Stadt Zürich, CC0), moved by some metres so that no two distances
are equal. Labels and probabilities, clusters of 10 or more:
* `one`: min_samples = 1, as the package gives them;
* `five`: min_samples = 5, from the package's single linkage tree. Mutual reachability is the loneliness of a point for
  many of its edges at once, so edges are equally long even here, and the package's own labels depend on the order of the
  rows. Equal edges are removed at once instead, which is what Campello et al. (2015), algorithm 1, say.
"""
import sys
from importlib.metadata import version

import hdbscan
import numpy as np
import pandas as pd


def removed_at_once(linkage, n, min_cluster_size):
    """Labels and probabilities of the condensed tree in which all joins of one distance are one."""
    node = lambda v: linkage[v - n]
    size = lambda v: 1 if v < n else int(node(v)[3])

    def leaves(v):
        return [v] if v < n else leaves(int(node(v)[0])) + leaves(int(node(v)[1]))

    def parts(v, distance):
        if v < n or node(v)[2] < distance:
            return [v]
        return parts(int(node(v)[0]), distance) + parts(int(node(v)[1]), distance)

    parent, born, death, mass = [None], [0.0], [0.0], [0.0]
    cluster_of, density_of = np.zeros(n, int), np.zeros(n)
    open_ = [(2 * n - 2, 0)]
    while open_:
        v, own = open_.pop()
        distance = node(v)[2]
        death[own] = density = 1 / distance
        below = parts(v, distance)
        large = [part for part in below if size(part) >= min_cluster_size]
        for part in below:
            if size(part) < min_cluster_size:
                cluster_of[leaves(part)], density_of[leaves(part)] = own, density
                mass[own] += size(part) * (density - born[own])
        if len(large) == 1:
            open_.append((large[0], own))
            continue
        for part in large:
            mass[own] += size(part) * (density - born[own])
            parent.append(own), born.append(density), death.append(density), mass.append(0.0)
            open_.append((part, len(parent) - 1))
    best, below = [False] * len(parent), np.zeros(len(parent))
    for c in range(len(parent) - 1, 0, -1):
        best[c] = mass[c] >= below[c]
        below[parent[c]] += max(mass[c], below[c])
    chosen = [-1] * len(parent)
    for c in range(1, len(parent)):
        chosen[c] = chosen[parent[c]] if chosen[parent[c]] >= 0 else (c if best[c] else -1)
    labels = np.array([chosen[c] for c in cluster_of])
    strength = [min(1.0, d / death[c]) if c >= 0 else 0.0 for d, c in zip(density_of, labels)]
    return labels, np.array(strength)


def main():
    sys.setrecursionlimit(10_000)
    rows = pd.read_csv(sys.argv[1])
    rows = rows[(rows.year == 2024) & (rows.service_code == "Abfall/Sammelstelle")].sample(1200, random_state=1)
    moved = rows[["e", "n"]].to_numpy(float) + np.random.default_rng(1).normal(0, 3, (1200, 2))
    points = moved.round(3)
    fit = lambda k: hdbscan.HDBSCAN(min_cluster_size=10, min_samples=k, algorithm="prims_kdtree").fit(points)
    one, five = fit(1), fit(5)
    labels, strength = removed_at_once(five.single_linkage_tree_.to_numpy(), len(points), 10)
    table = pd.DataFrame(points, columns=["x", "y"])
    table["one"], table["one_probability"] = one.labels_, one.probabilities_
    table["five"], table["five_probability"] = labels, strength
    with open(__file__.replace(".py", ".csv"), "w") as file:
        file.write(f"# hdbscan {version('hdbscan')}, numpy {version('numpy')}; made by tests/reference/hdbscan_labels.py\n")
        table.to_csv(file, index=False, float_format="%.10g")


if __name__ == "__main__":
    main()
