"""Averages the weights of folders that train.py wrote: of runs that began with the same weights, the mean is often better than each."""

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="gets the first folder's other files, too")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="+", help="of the folders, together 1 (default: all the same)")
    chosen = parser.parse_args()
    count = len(chosen.folders)
    shares = chosen.shares or [1 / count] * count
    if len(shares) != count or abs(sum(shares) - 1) > 1e-6:
        sys.exit(f"--shares: {count} numbers whose sum is 1 are needed, one a folder")
    configs = [json.loads((folder / "config.json").read_text()) for folder in chosen.folders]
    if any(config != configs[0] for config in configs):
        sys.exit("the folders' models differ in shape: compare their config.json")
    stored = [load_file(folder / "model.safetensors") for folder in chosen.folders]
    mean = {name: sum(share * weights[name].float() for share, weights in zip(shares, stored)).to(torch.bfloat16).contiguous() for name in stored[0]}
    chosen.out.mkdir(parents=True, exist_ok=True)
    for file in chosen.folders[0].iterdir():
        if file.suffix == ".json" and file.resolve().parent != chosen.out.resolve():
            shutil.copy(file, chosen.out / file.name)
    save_file(mean, chosen.out / "model.safetensors", metadata={"format": "pt"})
    (chosen.out / "model.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
