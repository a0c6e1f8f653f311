"""CPU seconds and peak memory of other programs and of this one, on the same points and cells.

    cargo build --release --example hotspot_cost
    python benches/peers.py FOLDER [--points reports.csv] [--sizes 100000 1000000]

Points are those of a CSV with columns e and n in metres (Zürich's reports, say), tiled at constant density to each size
and moved by some metres; without one, a third is scattered and the others lie around 3,000 places. Peers that are not
installed are passed over. Every piece of work runs in a process of its own on one thread. For peers the seconds are those
of the call alone, without imports and reading; for this program they are those of the whole process.
"""
import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = Path(os.environ.get("PAALTJE_COST", HERE.parent / "target" / "release" / "examples" / "hotspot_cost"))


def write_points(path, n, source):
    import numpy as np

    random = np.random.default_rng(1)
    if source:
        import pandas as pd

        city = pd.read_csv(source, usecols=["e", "n"]).dropna().to_numpy(float)
        city -= city.min(0)
        step = city.max(0) + 200
        tiles = math.ceil(n / len(city))
        side = math.ceil(math.sqrt(tiles))
        points = np.concatenate([city + step * [tile % side, tile // side] for tile in range(tiles)])
        points = points[random.choice(len(points), n, replace=False)] + random.normal(0, 5, (n, 2))
    else:
        side = 42 * math.sqrt(n)
        places = random.uniform(0, side, (max(1, n // 330), 2))
        points = places[random.integers(len(places), size=n)] + random.normal(0, 120, (n, 2))
        points[: n // 3] = random.uniform(0, side, (n // 3, 2))
    points.astype("<f8").tofile(path)


def points(path):
    import numpy as np

    return np.fromfile(path, "<f8").reshape(-1, 2)


def cells(path):
    import numpy as np
    from libpysal.weights import W

    rows = [line.split(",") for line in Path(path).read_text().splitlines()]
    neighbours = {i: [int(near) for near in row[2].split()] for i, row in enumerate(rows)}
    return np.array([float(row[1]) for row in rows]), W(neighbours, silence_warnings=True)


def sklearn_dbscan(path, tree):
    from sklearn.cluster import DBSCAN

    at = points(path)
    return lambda: DBSCAN(eps=50.0, min_samples=10, algorithm=tree).fit(at).labels_.max() + 1


def sklearn_hdbscan(path):
    from sklearn.cluster import HDBSCAN

    at = points(path)
    return lambda: HDBSCAN(min_cluster_size=20, min_samples=11, n_jobs=1, copy=True).fit(at).labels_.max() + 1


def hdbscan_hdbscan(path):
    import hdbscan

    at = points(path)
    settings = dict(min_cluster_size=20, min_samples=10, core_dist_n_jobs=1, approx_min_span_tree=False)
    return lambda: hdbscan.HDBSCAN(**settings).fit(at).labels_.max() + 1


def esda_gi_star(path):
    import esda

    values, w = cells(path)
    settings = dict(star=True, transform="B", permutations=999, n_jobs=1, seed=1)
    return lambda: int(((g := esda.G_Local(values, w, **settings)).Zs > 0).dot(g.p_sim <= 0.05))


def esda_moran(path):
    import esda

    values, w = cells(path)
    return lambda: int((esda.Moran_Local(values, w, permutations=999, n_jobs=1, seed=1).p_sim <= 0.025).sum())


# What is done -> (the file, our name for it, peers: package and what makes the call).
WORK = {
    "DBSCAN, 50 m, 10": ("points", "dbscan", {
        "scikit-learn, ball tree": ("scikit-learn", lambda path: sklearn_dbscan(path, "ball_tree")),
        "scikit-learn, k-d tree": ("scikit-learn", lambda path: sklearn_dbscan(path, "kd_tree")),
    }),
    "HDBSCAN, 20, 10": ("points", "hdbscan", {
        "hdbscan": ("hdbscan", hdbscan_hdbscan),
        "scikit-learn": ("scikit-learn", sklearn_hdbscan),
    }),
    "Gi*, 999 permutations": ("cells", "gi_star", {"esda": ("esda", esda_gi_star)}),
    "local Moran, 999 permutations": ("cells", "moran", {"esda": ("esda", esda_moran)}),
}
# scikit-learn's HDBSCAN takes time that grows with the square of the points.
AT_MOST = {("HDBSCAN, 20, 10", "scikit-learn"): 20_000}


def run_peer(work, peer, path):
    """One call in this process: what it found, its seconds, and the peak memory of the process."""
    call = WORK[work][2][peer][1](path)
    start = time.process_time()
    found = call()
    seconds = time.process_time() - start
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([int(found), seconds, memory_mb]))


def measure_peer(work, peer, path):
    package = WORK[work][2][peer][0]
    try:
        name = f"{peer} ({version(package)})"
    except PackageNotFoundError:
        return f"{peer} is not installed", None
    one = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--peer", work, peer, str(path)]
    done = subprocess.run(command, env=one, capture_output=True, text=True)
    if done.returncode:
        return f"{name} failed: {(done.stderr.strip().splitlines() or ['killed'])[-1]}", None
    return name, json.loads(done.stdout.splitlines()[-1])


def measure_ours(what, path):
    read, write = os.pipe()
    child = os.posix_spawn(OURS, [str(OURS), what, str(path)], {**os.environ, "RAYON_NUM_THREADS": "1"},
                           file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
    os.close(write)
    found = os.fdopen(read).read()
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{OURS} {what} {path} failed")
    return [int(found), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]


def main():
    if sys.argv[1:2] == ["--peer"]:
        return run_peer(*sys.argv[2:])
    if sys.argv[1:2] == ["--write"]:
        return write_points(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--points", help="CSV with columns e and n, metres")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--only", nargs="+", default=list(WORK), choices=list(WORK))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    cells_path = arguments.folder / "cells.csv"
    n_cells = measure_ours("cells", arguments.folder)[0]
    paths = {}
    for n in arguments.sizes:
        paths[n] = arguments.folder / f"points_{n}.f64"
        # In a process of its own: a child's peak memory starts at that of its parent.
        subprocess.run([sys.executable, __file__, "--write", str(paths[n]), str(n), arguments.points or ""], check=True)
    print(f"{'work':30} {'n':>9}  {'program':32} {'found':>7} {'CPU s':>8} {'MB':>6} {'ratio':>7}")
    for work in arguments.only:
        file, what, peers = WORK[work]
        for n, path in paths.items() if file == "points" else [(n_cells, cells_path)]:
            ours = measure_ours(what, path)
            rows = [("paaltje", ours)]
            rows += [measure_peer(work, peer, path) for peer in peers if n <= AT_MOST.get((work, peer), n)]
            for name, cost in rows:
                if cost is None:
                    print(f"{work:30} {n:9}  {name}", flush=True)
                    continue
                found, seconds, memory_mb = cost
                ratio = seconds / ours[1]
                print(f"{work:30} {n:9}  {name:32} {found:7} {seconds:8.2f} {memory_mb:6.0f} {ratio:6.1f}x", flush=True)


if __name__ == "__main__":
    main()
