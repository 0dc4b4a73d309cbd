#!/usr/bin/env python3
"""How often `report bottlenecks` ranks the true bottleneck of a random line first, and how far its figures are from the simulation's own.

    tests/bench/bottlenecks.py --build build/release --first 1001 --lines 200 --minutes 480 [--lose 10] [--halls]

Each line is played by reelgraph-sim from its seed; the truth is in settings.json (the station whose service time, cut by a fifth, raises
throughput most), which the report never sees. Seeds up to 1000 were used while the report was written; measure with others.
Without losses the figures are reckoned again here from the events arrive, process and leave: dwell, throughput, queue and waiting.
"""
import argparse
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def figures(lines, seconds):
    """Per station: mean dwell, throughput an hour, mean queue, mean wait."""
    stays = {}
    for line in lines:
        o = json.loads(line)
        for e in o.get("events", []):
            roles = {p["role"]: next(x["name"] for x in o["entities"] if x["ref"] == p["ref"]) for p in e["participants"]}
            station = roles.get("station")
            if e["type"] in ("arrive", "leave"):
                stays.setdefault((station, roles["agent"]), {})[e["type"]] = e["start"]
            elif e["type"] == "process":
                stays.setdefault((station, roles["object"]), {})["process"] = e["start"]
    result = {}
    for (station, _), s in stays.items():
        r = result.setdefault(station, {"dwell": [], "wait": [], "queue": 0.0})
        r["queue"] += s.get("process", seconds) - s["arrive"]
        if "leave" in s:
            r["dwell"].append(s["leave"] - s["arrive"])
            r["wait"].append(s["process"] - s["arrive"])
    mean = lambda x: sum(x) / len(x) if x else 0.0
    return {k: {"dwell": mean(r["dwell"]), "throughput": len(r["dwell"]) * 3600 / seconds, "queue": r["queue"] / seconds, "wait": mean(r["wait"])}
            for k, r in result.items()}


def cameras(args):
    """Stays, counts and the most at once of each camera of real footage, against those reckoned here from the source's spans."""
    spans = {}
    with open(args.cameras) as lines:
        for line in lines:
            o = json.loads(line)
            for e in o.get("events", []):
                ids = {x["ref"]: x.get("id") for x in o["entities"]}
                for p in e["participants"]:
                    key = ids[p["ref"]]
                    seen = spans.setdefault(o["video"], {})
                    start, end = seen.get(key, (e["start"], e["end"]))
                    seen[key] = (min(start, e["start"]), max(end, e["end"]))
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "cameras.reel"
        build = Path(args.build)
        subprocess.run([build / "reelgraph", "-q", "-a", archive, "import", args.cameras], check=True, capture_output=True)
        report = json.loads(subprocess.run([build / "reelgraph", "-a", archive, "--json", "report", "bottlenecks"], check=True, capture_output=True).stdout)
    wrong = 0
    for s in report["stations"]:
        seen = list(spans[s["name"]].values())
        changes = sorted([(a, 1) for a, b in seen if b > a] + [(b, -1) for a, b in seen if b > a])
        level = most = 0
        for _, step in changes:
            level += step
            most = max(most, level)
        dwell = sum(b - a for a, b in seen) / len(seen)
        same = s["departures"] == len(seen) and s["present"]["most"] == most and abs(s["dwell"]["mean"] - dwell) < 2e-6
        if not same:
            wrong += 1
            print(f"differs: {s['name']}: {s['departures']} stays, mean {s['dwell']['mean']}, most {s['present']['most']}; from the spans {len(seen)}, {dwell:.6f}, {most}")
    print(f"{len(report['stations'])} cameras, {sum(len(v) for v in spans.values())} stays, {wrong} differ; {len(spans)} cameras in the source")


def one(args, seed):
    build = Path(args.build)
    with tempfile.TemporaryDirectory() as folder:
        day, archive = Path(folder) / "day", Path(folder) / "day.reel"
        play = [args.sim or build / "reelgraph-sim", "warehouse", "--seed", str(seed), "--minutes", str(args.minutes), "--no-film", "--lose", str(args.lose), "-o", day, "-q"]
        subprocess.run(play + ([] if args.halls else ["--line", "0"]), check=True, stdout=subprocess.DEVNULL)
        subprocess.run([build / "reelgraph", "-q", "-a", archive, "import", day / "truth.observations.jsonl"], check=True, capture_output=True)
        report = json.loads(subprocess.run([build / "reelgraph", "-a", archive, "--json", "report", "bottlenecks"], check=True, capture_output=True).stdout)
        limits = json.loads((day / "settings.json").read_text())["limits"]
        errors = {}
        if args.lose == 0 and not args.halls:
            with open(day / "truth.observations.jsonl") as lines:
                truth = figures(lines, args.minutes * 60)
            for s in report["stations"]:
                t = truth[s["name"]]
                ours = {"dwell": s["dwell"]["mean"] or 0.0, "throughput": s["throughput_per_h"], "queue": s["queue"]["mean"], "wait": s["wait"]["mean"] or 0.0}
                for key, value in ours.items():
                    far = abs(value - t[key]) / max(abs(t[key]), 1e-3)
                    errors[key] = max(errors.get(key, 0), far)
        for law in [report["littles_law"]] + [s["littles_law"] for s in report["stations"]]:
            errors["little"] = max(errors.get("little", 0), abs(law["l"] - law["lambda_w"]) / max(law["l"], 1e-3))
    first = report["ranking"][0]
    # In a hall the truth names groups: "docks" are any dock, "packing" is any of its stations or workers.
    truth = limits["bottleneck"]
    said = first["name"]
    if args.halls:
        said = "docks" if said.startswith("dock ") else "packing" if said.startswith("packing ") or said.endswith(" worker") else said
    right = said == truth
    return seed, right, first["name"], truth, first["confidence"], errors, [g["gain"] for g in limits["with_a_fifth_less_time"][:2]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--sim", help="the simulator, if it is elsewhere")
    parser.add_argument("--first", type=int, default=1001)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=480)
    parser.add_argument("--lose", type=float, default=0)
    parser.add_argument("--halls", action="store_true", help="halls with forklifts instead of lines")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cameras", metavar="FILE.jsonl", help="instead: observations without places, such as those of MEVA")
    args = parser.parse_args()
    if args.cameras:
        return cameras(args)
    with ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda seed: one(args, seed), range(args.first, args.first + args.lines)))
    worst = {}
    for seed, right, said, truth, confidence, errors, gains in results:
        for key, value in errors.items():
            worst[key] = max(worst.get(key, 0), value)
        if not right:
            print(f"wrong: seed {seed}: {said} instead of {truth} (confidence {confidence:.2f}; true gains {gains})")
    right = [r for r in results if r[1]]
    print(f"{len(right)} of {len(results)} ranked first ({len(right) / len(results):.1%}), --lose {args.lose:g}")
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 1.01)):
        band = [r for r in results if low <= r[4] < high]
        if band:
            print(f"  confidence {low:.1f} to {min(high, 1):.1f}: {sum(r[1] for r in band)} of {len(band)} right")
    print("largest relative errors: " + ", ".join(f"{k} {v:.2e}" for k, v in sorted(worst.items())))


if __name__ == "__main__":
    main()
