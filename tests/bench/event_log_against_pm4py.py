#!/usr/bin/env python3
"""The event log of `report bottlenecks` as an independent process-mining library reads it: cases, variants, mean time of a case.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pm4py
    /tmp/venv/bin/python tests/bench/event_log_against_pm4py.py build/release/reelgraph ARCHIVE.reel
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pm4py


def main():
    program, archive = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        xes = Path(folder) / "log.xes"
        subprocess.run([program, "-a", archive, "report", "bottlenecks", "--log", "xes", "-o", xes], check=True, stdout=subprocess.DEVNULL)
        ours = json.loads(subprocess.run([program, "-a", archive, "--json", "report", "bottlenecks"], check=True, capture_output=True).stdout)["event_log"]
        log = pm4py.read_xes(str(xes))
    cases = log["case:concept:name"].nunique()
    variants = len(pm4py.get_variants(log))
    times = log.groupby("case:concept:name")["time:timestamp"].agg(["min", "max"])
    seconds = (times["max"] - times["min"]).dt.total_seconds().mean()
    print(f"pm4py {pm4py.__version__}: {cases} cases, {len(log)} events, {variants} variants, {seconds:.6f} s a case")
    print(f"reelgraph: {ours['cases']} cases, {ours['events']} events, {ours['variants']} variants, {ours['mean_case_seconds']:.6f} s a case")
    same = (cases, len(log), variants) == (ours["cases"], ours["events"], ours["variants"]) and abs(seconds - ours["mean_case_seconds"]) < 1e-5
    print("the same" if same else "THEY DIFFER")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
