#!/usr/bin/env python3
"""What the whole graph answers that 8,000 tokens of captions cannot: the soccer set, all matches in one archive.

usage: tests/bench/beyond_context.py REELGRAPH [--set FOLDER] [--tokens 8000] [--sample N]

Every question is answered three times by the same engine: from the whole archive; from the first captions (of its video, if it names one)
that fit into the budget; and from the best captions by BM25 (`reelgraph search`) that fit. What does not fit is not in the archive that is
asked. A caption costs a quarter of its characters plus 6 tokens for its time. Takes some minutes; prints one line a way.
"""
import argparse
import glob
import json
import pathlib
import subprocess
import sys
import tempfile


def call(program, archive, *words, check=True):
    done = subprocess.run([program, "-a", archive, *words], capture_output=True, text=True, check=False)
    if check and done.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def cost(line):
    return len(line.get("caption") or line.get("transcript") or "") / 4 + 6


def fitting(lines, budget):
    kept = []
    for line in lines:
        budget -= cost(line)
        if budget < 0:
            break
        kept.append(line)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--set", default=str(pathlib.Path(__file__).resolve().parents[1] / "../shared/eval/soccer"))
    parser.add_argument("--tokens", type=int, default=8000)
    parser.add_argument("--sample", type=int, default=1, help="ask every N-th question only")
    args = parser.parse_args()
    program = str(pathlib.Path(args.program).resolve())
    files = sorted(glob.glob(args.set + "/*observations.jsonl"))
    questions = []
    for name in ("questions.jsonl", "questions_free.jsonl"):
        questions += [(name, json.loads(line)) for line in open(f"{args.set}/{name}", encoding="utf-8") if line.strip()]
    questions = questions[:: args.sample]
    videos, lines = [], []
    for file in files:
        for line in open(file, encoding="utf-8"):
            row = json.loads(line)
            (videos if row["type"] == "video" else lines).append(row)
    print(f"{len(lines)} lines, {sum(map(cost, lines)):.0f} tokens; {len(questions)} questions; {args.tokens} tokens each", flush=True)
    by_key = {(o["video"], round(o["start"], 2), o.get("caption") or o.get("transcript")): o for o in lines}
    right = {}
    with tempfile.TemporaryDirectory() as folder:
        whole = f"{folder}/whole.reel"
        call(program, whole, "import", *files)

        def ask(archive, name, question, way):
            path = f"{folder}/question.jsonl"
            pathlib.Path(path).write_text(json.dumps(question) + "\n", encoding="utf-8")
            scores = json.loads(call(program, archive, "--json", "eval", path))
            tally = right.setdefault((name, way), [0, 0, 0])
            tally[0] += 1
            tally[1] += scores["correct"]
            tally[2] += scores["wrong_confident"]

        def ask_some(kept, name, question, way):
            archive = f"{folder}/some.reel"
            subprocess.run(["rm", "-rf", archive], check=True)
            path = f"{folder}/some.jsonl"
            with open(path, "w", encoding="utf-8") as out:
                for row in videos + kept:
                    out.write(json.dumps(row) + "\n")
            call(program, archive, "import", path)
            ask(archive, name, question, way)

        for n, (name, question) in enumerate(questions):
            mine = [o for o in lines if question.get("video") in (None, o["video"])]
            ask(whole, name, question, "whole graph")
            ask_some(fitting(mine, args.tokens), name, question, "first captions")
            words = ["--json", "search", question["question"], "--limit", "1000"]
            if question.get("video"):
                words += ["--video", question["video"]]
            hits = json.loads(call(program, whole, *words) or "{}").get("hits", [])
            found = []
            for hit in hits:
                row = by_key.get((hit["video"], round(hit["start"], 2), hit.get("text")))
                if row is not None and row not in found:
                    found.append(row)
            ask_some(fitting(found, args.tokens), name, question, "best by BM25")
            if n % 25 == 24:
                print(f"{n + 1} of {len(questions)}", file=sys.stderr, flush=True)
    for (name, way), (asked, good, bad) in sorted(right.items()):
        print(f"{name:22} {way:15} {good} of {asked} right ({good / asked:.3f}), {bad} wrong with confidence")


if __name__ == "__main__":
    main()
