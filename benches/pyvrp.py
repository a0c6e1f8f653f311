"""Orders of the stops of trips, found by PyVRP on the costs that this program searches on.

    cargo run --release --features replan --example replan -- orders tests/projects/dc_season.toml FOLDER
    python benches/pyvrp.py FOLDER [--seconds 60] > tests/reference/pyvrp_orders.csv

One file per trip: a row of whole numbers per place, the yard first and last. Seconds are those of the processor, one
thread. Needs `pip install pyvrp`; the table says which version found it.
"""
import argparse
import sys
import time
from importlib.metadata import version
from pathlib import Path

# This file has the name of the package: the folder it lies in must not hide it.
sys.path.pop(0)
from pyvrp import Model  # noqa: E402


class ProcessorTime:
    """Stops after so many seconds of the processor."""

    def __init__(self, seconds):
        self.end = time.process_time() + seconds

    def __call__(self, best_cost):
        return time.process_time() > self.end


def least(path, seconds):
    rows = [[int(cost) for cost in line.split()] for line in path.read_text().splitlines()]
    # The last place is the yard again.
    n = len(rows) - 1
    model = Model()
    places = [model.add_location(x=0, y=0) for _ in range(n)]
    yard = model.add_depot(places[0])
    for place in places[1:]:
        model.add_client(place)
    model.add_vehicle_type(1, start_depot=yard, end_depot=yard)
    for i in range(n):
        for j in range(n):
            if i != j:
                model.add_edge(places[i], places[j], distance=rows[i][n if j == 0 else j])
    result = model.solve(ProcessorTime(seconds), seed=1, display=False)
    return n - 1, round(result.cost())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    print(f"# PyVRP {version('pyvrp')}, {options.seconds:g} CPU-s a trip; cost in thousandths of a second")
    print("trip,stops,cost")
    for path in sorted(options.folder.glob("*.txt")):
        stops, cost = least(path, options.seconds)
        print(f"{path.stem},{stops},{cost}", flush=True)
