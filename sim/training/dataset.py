"""Pictures with their truth: drawn by reelgraph-sim-frames, kept as memory-mapped arrays."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 96  # pixels of the picture that the model sees
FILM = (640, 360)  # pixels of a film's picture
CELLS = 24  # per side of the grid in which places are said
WORDS = {
    "kind": ["worker", "forklift", "pallet", "player", "referee", "ball"],
    "colour": ["red", "orange", "yellow", "green", "blue", "purple", "white", "black"],
    "load": ["boxes", "drums", "sacks"],
}
LEAST_VISIBLE = 0.25  # of a thing, and of its load; what is hidden more than that is not said


def squash(picture: Image.Image) -> np.ndarray:
    """uint8 RGB [SIDE, SIDE, 3], as the processor makes it of a 640 x 360 picture: antialiased bicubic, aspect lost."""
    return np.asarray(picture.resize((SIDE, SIDE), Image.BICUBIC))


def cell(share: float) -> int:
    return min(CELLS - 1, max(0, int(share * CELLS)))


def things_said(truth: dict, moved=lambda x, y: (x, y)) -> list[dict]:
    """What should be said of a picture, in the order in which it is said: kinds, within them colours, within them from the left.

    @param moved: where a place of the picture, both shares of its sides, lies once the picture was mirrored or moved
    """
    said = []
    for thing in truth["things"]:
        x, y = moved(thing["x"], thing["y"])
        if thing["visible"] < LEAST_VISIBLE or not (0 <= x < 1 and 0 <= y < 1):
            continue
        # A pallet is never said without what stands on it: it is one with it.
        load = thing["load"] if thing["kind"] == "pallet" or thing.get("load_visible", 1) >= LEAST_VISIBLE else ""
        said.append({**thing, "load": load, "x": x, "y": y, "column": cell(x), "row": cell(y)})

    def order(thing: dict):
        colour = WORDS["colour"].index(thing["colour"]) if thing["colour"] else -1
        return WORDS["kind"].index(thing["kind"]), colour, thing["column"], thing["row"], thing["load"]

    return sorted(said, key=order)


def text_of(said: list[dict]) -> str:
    """"red worker 12 5; blue forklift boxes 20 8; pallet drums 3 19", or "nothing"."""
    parts = []
    for thing in said:
        words = [thing["colour"], thing["kind"], thing["load"], str(thing["column"]), str(thing["row"])]
        parts.append(" ".join(word for word in words if word))
    return "; ".join(parts) or "nothing"


def frames(program: Path, count: int, seed: int, looks: str = "", match: float = 0.0, carrying: float = 0.0, per_scene: int = 16):
    """Yields (PIL picture of 640 x 360, truth). `looks`: "", "varied" or "unseen"."""
    command = [str(program.resolve()), "--count", str(count), "--seed", str(seed), "--match", str(match), "--carrying", str(carrying), "--per-scene", str(per_scene)]
    with subprocess.Popen(command + ([f"--{looks}"] if looks else []), stdout=subprocess.PIPE) as process:
        size = FILM[0] * FILM[1] * 3
        for _ in range(count):
            pixels = process.stdout.read(size)
            if len(pixels) < size:
                raise SystemExit(f"{program} ended early")
            yield Image.frombytes("RGB", FILM, pixels), json.loads(process.stdout.readline())


def film_frames(program: Path, films: int, seed: int, match: float = 0.0):
    """Yields (PIL picture, truth) once a second of films of ten minutes, as they come out of the file. Needs the program ffmpeg."""
    for number in range(films):
        world = "match" if (number + 1) * match // 1 > number * match // 1 else "warehouse"
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([str(program.resolve()), world, "--seed", str(seed + number), "--minutes", "10", "--fps", "1", "--places", "-q", "-o", folder, "--force"],
                           check=True, stdout=subprocess.DEVNULL)
            pixels = subprocess.run(["ffmpeg", "-v", "error", "-i", f"{folder}/film.mp4", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                                    check=True, stdout=subprocess.PIPE).stdout
            size = FILM[0] * FILM[1] * 3
            for i, line in enumerate(Path(folder, "places.jsonl").read_text().splitlines()):
                if len(pixels) >= (i + 1) * size:
                    yield Image.frombytes("RGB", FILM, pixels[i * size: (i + 1) * size]), json.loads(line)


def make(folder: Path, count: int, drawn) -> None:
    """Writes FOLDER/pictures.npy (uint8 [count, SIDE, SIDE, 3]) and FOLDER/truth.jsonl, both whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(folder / "pictures.part", mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3))
    written = 0
    with open(folder / "truth.part", "w") as truths:
        for i, (picture, truth) in enumerate(drawn):
            if i == count:
                break
            pictures[i] = squash(picture)
            truths.write(json.dumps(truth) + "\n")
            written = i + 1
    if written < count:
        raise SystemExit(f"only {written} of {count} pictures came")
    pictures.flush()
    (folder / "truth.part").rename(folder / "truth.jsonl")
    (folder / "pictures.part").rename(folder / "pictures.npy")


def load(folder: Path) -> tuple[np.ndarray, list[dict]]:
    with open(folder / "truth.jsonl") as lines:
        return np.load(folder / "pictures.npy", mmap_mode="r"), [json.loads(line) for line in lines]


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Draws pictures with their truth for train.py.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--build", type=Path, default=Path("build/release"), help="where reelgraph-sim and reelgraph-sim-frames lie")
    parser.add_argument("--films", type=int, default=0, help="instead of single scenes: so many films of ten minutes, a picture a second")
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--match", type=float, default=0.2)
    parser.add_argument("--carrying", type=float, default=0.0, help="share of workers that carry boxes in their hands; in films none does")
    looks = parser.add_mutually_exclusive_group()
    looks.add_argument("--varied", dest="looks", action="store_const", const="varied", default="", help="floors, paint and zones of any colour at any place")
    looks.add_argument("--unseen", dest="looks", action="store_const", const="unseen", help="light, views and layouts to score on, never to learn from")
    chosen = parser.parse_args()
    if chosen.films:
        make(chosen.folder, chosen.films * 600, film_frames(chosen.build / "reelgraph-sim", chosen.films, chosen.seed, chosen.match))
    else:
        make(chosen.folder, chosen.count, frames(chosen.build / "reelgraph-sim-frames", chosen.count, chosen.seed, chosen.looks, chosen.match, chosen.carrying))
