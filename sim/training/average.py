"""Averages the weights of folders that train.py wrote: of runs that began with the same weights, the mean is often better than each."""

import argparse
import sys
from pathlib import Path

from model import Shape, SmallVlm, build_tokenizer, read_folder, write_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="+", help="of the folders, together 1 (default: all the same)")
    chosen = parser.parse_args()
    count = len(chosen.folders)
    shares = chosen.shares or [1 / count] * count
    if len(shares) != count or abs(sum(shares) - 1) > 1e-6:
        sys.exit(f"--shares: {count} numbers whose sum is 1 are needed, one a folder")
    tokenizer = build_tokenizer()
    model = SmallVlm(Shape(vocabulary=tokenizer.get_vocab_size()))
    stored = []
    for folder in chosen.folders:
        read_folder(folder, model)
        stored.append({name: value.clone() for name, value in model.state_dict().items()})
    model.load_state_dict({name: sum(share * weights[name] for share, weights in zip(shares, stored)) for name in stored[0]})
    write_folder(chosen.out, model, tokenizer)


if __name__ == "__main__":
    main()
