"""Scores models/sim on films and pictures that nobody has seen: new seeds at every run.

Seeing, tracking, graph and questions are measured apart by putting the truth in place of what is before each."""

import argparse
import json
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

import dataset
from replies import parse, score

VISIBLE = ("arrive", "enter", "leave", "pick_up", "drop", "travel", "process", "wait", "idle")
NEAR = 2.0  # seconds
# Name, label, which part of --frames, looks, share of matches, share of workers with boxes in their hands.
PICTURES = (("seen", "halls as in films", 1, "", 0.0, 0.0), ("unseen", "halls in light and layouts not trained on", 1, "unseen", 0.0, 0.0),
            ("seen_carrying", "halls, 12 % of workers with boxes in their hands, as no film has", 2, "", 0.0, 0.12),
            ("unseen_carrying", "the same in light and layouts not trained on", 2, "unseen", 0.0, 0.12), ("pitch", "matches", 2, "", 1.0, 0.0))
GOALS = {"seen": ".88 / .97 / .96", "unseen": ".75 / .94 / .92"}


def run(command: list, **more) -> subprocess.CompletedProcess:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(str(word) for word in command)}\nended with {done.returncode}: {done.stderr[-2000:]}")
    return done


def say(program: Path, model: Path, pictures: list[bytes], threads: int) -> list[str]:
    """What the C++ engine says of each picture."""
    done = subprocess.run([program, model, "--threads", str(threads)], input=b"".join(picture + b"\n" for picture in pictures), capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return done.stdout.decode().splitlines()


def truth_of(said: list[dict]) -> list[tuple[str, int, int]]:
    return [(" ".join(w for w in (t["colour"], t["kind"], t["load"]) if w), t["column"], t["row"]) for t in said]


def seeing(chosen, count: int, looks: str, match: float = 0.0, carrying: float = 0.0) -> dict:
    """Things right with kind, colour and load within one cell of the grid in both directions; of `count` pictures."""
    hits = said_count = true_count = exact = frames = 0
    step = 500
    for start in range(0, count, step):
        some = min(step, count - start)
        drawn = list(dataset.frames(chosen.build / "reelgraph-sim-frames", some, chosen.seed + 1 + start, looks, match, carrying))
        texts = say(chosen.build / "reelgraph-sim-say", chosen.model, [picture.tobytes() for picture, _ in drawn], chosen.threads)
        for text, (_, truth) in zip(texts, drawn):
            h, s, t = score(parse(text), truth_of(dataset.things_said(truth)))
            hits, said_count, true_count, frames = hits + h, said_count + s, true_count + t, frames + 1
            exact += h == s == t
    return {"frames": frames, "exact": exact / frames, "precision": hits / max(1, said_count), "recall": hits / max(1, true_count)}


def parity(chosen) -> dict:
    """Share of pictures of which transformers and the C++ engine say the same, word for word."""
    import torch
    from tokenizers import Tokenizer
    from transformers import SmolVLMForConditionalGeneration
    from transformers.models.smolvlm import modeling_smolvlm

    from model import prompt_ids

    class Identity(modeling_smolvlm.SmolVLMVisionEmbeddings):
        """Positions as transformers 5 numbers them; 4.55 to 4.57 repeat the first row and column in float32."""

        def forward(self, pixel_values, patch_attention_mask):
            return self.patch_embedding(pixel_values).flatten(2).transpose(1, 2) + self.position_embedding.weight

    drawn = [picture for picture, _ in dataset.frames(chosen.build / "reelgraph-sim-frames", chosen.parity, chosen.seed + 777)]
    ours = say(chosen.build / "reelgraph-sim-say", chosen.model, [picture.tobytes() for picture in drawn], chosen.threads)
    tokenizer = Tokenizer.from_file(str(chosen.model / "tokenizer.json"))
    model = SmolVLMForConditionalGeneration.from_pretrained(chosen.model, torch_dtype=torch.float32, attn_implementation="eager").eval()
    model.model.vision_model.embeddings.__class__ = Identity
    vision = model.config.vision_config
    prompt, _ = prompt_ids(tokenizer, (vision.image_size // vision.patch_size // model.config.scale_factor) ** 2)
    ids = torch.tensor([prompt])
    same, example = 0, None
    for picture, mine in zip(drawn, ours):
        pixels = (torch.from_numpy(dataset.squash(picture).copy()).permute(2, 0, 1).float() / 255 - 0.5) / 0.5
        with torch.no_grad():
            said = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixels[None, None], do_sample=False, max_new_tokens=128)
        theirs = tokenizer.decode(said[0, ids.shape[1]:].tolist())
        if theirs == mine or (mine == "" and said.shape[1] - ids.shape[1] >= 128):
            same += 1
        elif example is None:
            example = [mine, theirs]
    return {"frames": len(drawn), "same": same / len(drawn), "first_difference": example}


def events_of(lines: list[str]) -> list[dict]:
    """Events of observation lines as type, span, agent (of things without a lasting name only the type) and place."""
    events = []
    for line in lines:
        row = json.loads(line)
        if row.get("type") != "observation":
            continue
        entities = {e["ref"]: e for e in row.get("entities", [])}
        for event in row.get("events", []):
            roles = {p["role"]: entities[p["ref"]] for p in event.get("participants", []) if p["ref"] in entities}
            agent = roles.get("agent", {})
            name = agent.get("name", "") if agent.get("type") in ("worker", "forklift") else agent.get("type", "")
            place = roles.get("place") or roles.get("station") or {}
            start = event.get("start", row["start"])
            events.append({"type": event["type"], "start": start, "end": event.get("end", row["end"]), "agent": name, "place": place.get("name", "")})
    return [event for event in events if event["type"] in VISIBLE]


def match(said: list[dict], truth: list[dict]) -> dict[str, list[int]]:
    """By type: right, said, true. Right: type, agent and place agree and the times are near (the end of pick_up and drop, else the start)."""
    table = {kind: [0, 0, 0] for kind in VISIBLE}
    for event in said:
        table[event["type"]][1] += 1
    for event in truth:
        table[event["type"]][2] += 1
    pairs = []
    for i, a in enumerate(said):
        for j, b in enumerate(truth):
            if (a["type"], a["agent"]) != (b["type"], b["agent"]) or (b["place"] and a["place"] != b["place"]):
                continue
            when = "end" if a["type"] in ("pick_up", "drop") else "start"
            if abs(a[when] - b[when]) <= NEAR:
                pairs.append((abs(a[when] - b[when]), i, j))
    count_right(table, said, pairs)
    return table


def count_right(table: dict[str, list[int]], said: list[dict], pairs: list[tuple[float, int, int]]) -> None:
    """Adds to the table what of `said` is right: the nearest pairs (distance, said, true) first, nothing twice."""
    used_said, used_true = set(), set()
    for _, i, j in sorted(pairs):
        if i not in used_said and j not in used_true:
            used_said.add(i)
            used_true.add(j)
            table[said[i]["type"]][0] += 1


def f1(table: dict[str, list[int]]) -> float:
    right, said, true = (sum(row[k] for row in table.values()) for k in range(3))
    return 2 * right / max(1, said + true)


def questions(reelgraph: Path, archive: Path, film: Path) -> tuple[int, int]:
    result = json.loads(run([reelgraph, "-a", archive, "--json", "eval", film / "questions.jsonl"]).stdout)
    return result["correct"], result["questions"]


def films(chosen) -> dict:
    reelgraph = chosen.build / "reelgraph"
    stages = {name: {"events": {kind: [0, 0, 0] for kind in VISIBLE}, "right": 0, "asked": 0} for name in ("truth", "tracking", "model")}
    seconds = spent = 0.0
    for number in range(chosen.films):
        film = chosen.work / f"film-{number}"
        shutil.rmtree(film, ignore_errors=True)
        run([chosen.build / "reelgraph-sim", "warehouse", "--seed", chosen.seed + 1000 + number, "--minutes", chosen.minutes, "-o", film, "--places", "-q"])
        truth = events_of((film / "truth.observations.jsonl").read_text().splitlines())
        for stage in stages:
            archive = film / f"{stage}.reel"
            if stage == "truth":
                run([reelgraph, "-a", archive, "import", film / "truth.observations.jsonl"])
            elif stage == "tracking":
                run([chosen.build / "reelgraph-sim-track", film / "places.jsonl", "--profile", film / "profile.toml", "--id", film.name, "-o", film / "tracked.jsonl"])
                run([reelgraph, "-a", archive, "import", film / "tracked.jsonl"])
            else:
                started = time.time()
                run([reelgraph, "-q", "-a", archive, "ingest", film / "film.mp4", "--id", film.name, "--captioner", f"local:{chosen.model}", "--profile", film / "profile.toml",
                     "--threads", chosen.threads])
                spent += time.time() - started
                seconds += 60 * chosen.minutes
            said = events_of(run([reelgraph, "-a", archive, "export", "--format", "jsonl"]).stdout.splitlines())
            for kind, row in match(said, truth).items():
                stages[stage]["events"][kind] = [a + b for a, b in zip(stages[stage]["events"][kind], row)]
            right, asked = questions(reelgraph, archive, film)
            stages[stage]["right"] += right
            stages[stage]["asked"] += asked
        print(f"film {number + 1} of {chosen.films}: " + ", ".join(f"{name} {f1(stage['events']):.3f} / {stage['right']} of {stage['asked']}" for name, stage in stages.items()),
              file=sys.stderr, flush=True)
    return {"films": chosen.films, "minutes": chosen.minutes, "times_real_time": seconds / max(1e-9, spent),
            "stages": {name: {"f1": f1(stage["events"]), "questions": stage["right"] / max(1, stage["asked"]), "asked": stage["asked"],
                              "by_type": {kind: row for kind, row in stage["events"].items() if row[1] + row[2] > 0}} for name, stage in stages.items()}}


MATCH = ("goal", "shot", "pass", "save", "block", "interception", "dispossessed", "kick_off", "throw_in", "corner_kick", "goal_kick", "free_kick")


def match_events(lines: list[str]) -> list[dict]:
    """Events of a match as type, start and colour of the agent's kit."""
    events = []
    for line in lines:
        row = json.loads(line)
        entities = {e["ref"]: e for e in row.get("entities", [])}
        for event in row.get("events", []):
            agent = next((entities[p["ref"]] for p in event.get("participants", []) if p["role"] == "agent"), {})
            if event["type"] in MATCH:
                events.append({"type": event["type"], "start": event.get("start", row["start"]), "team": agent.get("attributes", {}).get("colour", "")})
    return events


def match_table(said: list[dict], truth: list[dict]) -> dict[str, list[int]]:
    """By type: right, said, true. Right: type and team agree and the starts are near; nearest pairs first."""
    table = {kind: [0, sum(e["type"] == kind for e in said), sum(e["type"] == kind for e in truth)] for kind in MATCH}
    pairs = [(abs(a["start"] - b["start"]), i, j) for i, a in enumerate(said) for j, b in enumerate(truth)
             if (a["type"], a["team"]) == (b["type"], b["team"]) and abs(a["start"] - b["start"]) <= NEAR]
    count_right(table, said, pairs)
    return table


def match_films(chosen) -> dict:
    """True places of matches through the tracker, exactly and in the cells that the model says."""
    tables = {cells: {kind: [0, 0, 0] for kind in MATCH} for cells in (0, 24)}
    for number in range(chosen.match_films):
        film = chosen.work / f"match-{number}"
        shutil.rmtree(film, ignore_errors=True)
        run([chosen.build / "reelgraph-sim", "match", "--seed", chosen.seed + 5000 + number, "--minutes", chosen.minutes, "-o", film, "--places", "--no-film", "-q"])
        truth = match_events((film / "truth.observations.jsonl").read_text().splitlines())
        profile = (film / "profile.toml").read_text()
        (film / "exact.toml").write_text(profile.replace("reach = 1.5", "reach = 0.25"))
        for cells, table in tables.items():
            out = film / f"tracked-{cells}.jsonl"
            run([chosen.build / "reelgraph-sim-track", film / "places.jsonl", "--profile", film / ("profile.toml" if cells else "exact.toml"), "--cells", cells, "--id", film.name, "-o", out])
            for kind, row in match_table(match_events(out.read_text().splitlines()), truth).items():
                table[kind] = [a + b for a, b in zip(table[kind], row)]
    return {"films": chosen.match_films, "exact": tables[0], "cells": tables[24]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/sim"))
    parser.add_argument("--build", type=Path, default=Path("build/release"))
    parser.add_argument("--work", type=Path, default=Path("build/score"))
    parser.add_argument("--seed", type=int, default=0, help="0: a new one")
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--parity", type=int, default=500, help="pictures on which transformers is asked too; 0: none (then neither torch nor transformers is needed)")
    parser.add_argument("--films", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--match-films", type=int, default=0, help="matches whose true places go through the tracker")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write all figures there")
    chosen = parser.parse_args()
    chosen.build = chosen.build.resolve()
    chosen.seed = chosen.seed or secrets.randbelow(1_000_000_000) + 1_000_000
    chosen.work.mkdir(parents=True, exist_ok=True)
    result = {"date": time.strftime("%Y-%m-%d"), "seed": chosen.seed}
    print(f"seed {chosen.seed}", file=sys.stderr)
    if chosen.frames:
        result |= {name: seeing(chosen, max(1, chosen.frames // part), *what) for name, _, part, *what in PICTURES}
    if chosen.parity:
        result["parity"] = parity(chosen)
    if chosen.films:
        result["events"] = films(chosen)
    if chosen.match_films:
        result["match"] = match_films(chosen)
    print(f"| what | figure | must reach |\n|---|---|---|")
    for name, label, *_ in PICTURES:
        if name in result:
            r = result[name]
            print(f"| {r['frames']} pictures, {label}: exact sets / precision / recall | {r['exact']:.3f} / {r['precision']:.3f} / {r['recall']:.3f} | {GOALS.get(name, '')} |")
    if "parity" in result:
        print(f"| same words as transformers, {result['parity']['frames']} pictures | {result['parity']['same']:.3f} | 1 |")
    if "events" in result:
        e = result["events"]
        stage = e["stages"]
        print(f"| events with zones, F1 within {NEAR:g} s, {e['films']} films of {e['minutes']:g} min | {stage['model']['f1']:.3f} | .90 |")
        print(f"| questions, film to answer ({stage['model']['asked']}) | {stage['model']['questions']:.3f} | .85 |")
        print(f"| questions on the truth's observations | {stage['truth']['questions']:.3f} | .99 |")
        print(f"| ingest, times real time, {chosen.threads} threads | {e['times_real_time']:.1f} | 10 |")
        print("\n| where the loss arises | events F1 | questions |\n|---|---|---|")
        print(f"| truth's events through graph and questions | {stage['truth']['f1']:.3f} | {stage['truth']['questions']:.3f} |")
        print(f"| truth's places through the tracker | {stage['tracking']['f1']:.3f} | {stage['tracking']['questions']:.3f} |")
        print(f"| film through the model | {stage['model']['f1']:.3f} | {stage['model']['questions']:.3f} |")
        print("\n| event | right / said / true by the tracker on true places | by the model |\n|---|---|---|")
        for kind, row in stage["tracking"]["by_type"].items():
            print(f"| {kind} | {' / '.join(map(str, row))} | {' / '.join(map(str, stage['model']['by_type'].get(kind, ['-'])))} |")
    if "match" in result:
        print(f"\n| {result['match']['films']} matches of {chosen.minutes:g} min, once a second, within {NEAR:g} s | true places: right / said / true | F1 | in cells of 24 x 24 | F1 |")
        print("|---|---|---|---|---|")
        for kind in MATCH:
            exact, cells = result["match"]["exact"][kind], result["match"]["cells"][kind]
            print(f"| {kind} | {' / '.join(map(str, exact))} | {f1({kind: exact}):.3f} | {' / '.join(map(str, cells))} | {f1({kind: cells}):.3f} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
