#!/usr/bin/env python3
"""A LoRA adapter merged by reelgraph against the same adapter run by PEFT: makes random adapters for a small folder with PEFT itself, records
PEFT's logits as cases, and runs them with `models test --lora`. Prints the greatest difference; exits 1 if a stage fails.

    tests/bench/lora_against_peft.py build/release/reelgraph [--folder ../shared/fixtures/smolvlm-tiny]

The Python environment is that of models.py (build/bench-venv), made if it is not there.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from models import ROOT, in_environment

ADAPTERS = {
    "attention": {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]},
    "everything, rslora": {"r": 3, "lora_alpha": 5, "target_modules": "all-linear", "use_rslora": True},
    "patterns, head saved": {"r": 2, "lora_alpha": 4, "target_modules": ["gate_proj", "up_proj", "down_proj", "fc1", "fc2"],
                             "rank_pattern": {"down_proj": 5}, "alpha_pattern": {"fc1": 9}, "modules_to_save": ["lm_head"]},
}


def record(folder, options, adapter, cases):
    """Saves a random adapter and text cases with PEFT's logits."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForImageTextToText
    torch.manual_seed(3)
    model = get_peft_model(AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32), LoraConfig(**options)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:  # PEFT begins with zeros, which would change nothing
                weight.normal_(0, 0.1)
            if "modules_to_save" in name:
                weight.add_(torch.randn_like(weight) * 0.02)
    model.save_pretrained(adapter)
    moved = 0.0
    for case in sorted((folder / "cases").glob("text*")):
        shutil.copytree(case, cases / case.name)
        for file in (cases / case.name).iterdir():
            file.chmod(0o644)
        old = load_file(case / "expected.safetensors")
        with torch.inference_mode():
            logits = model(input_ids=old["input_ids"]).logits[0, -1].float()
        moved = max(moved, (logits - old["logits_last.text"]).abs().max().item())
        save_file({"input_ids": old["input_ids"], "attention_mask": old["attention_mask"], "logits_last.text": logits.clone()},
                  cases / case.name / "expected.safetensors")
    return moved


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reelgraph", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "../shared/fixtures/smolvlm-tiny")
    options = parser.parse_args()
    in_environment()
    failed = False
    for name, adapter in ADAPTERS.items():
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            (work / "cases").mkdir()
            moved = record(options.folder.resolve(), adapter, work / "adapter", work / "cases")
            done = subprocess.run([options.reelgraph, "models", "test", options.folder, "--cases", work / "cases", "--lora", work / "adapter", "--json"],
                                  stdout=subprocess.PIPE, text=True, check=False)
            stages = [stage for stage in json.loads(done.stdout)["cases"] if stage["stage"] == "logits"]
            failed = failed or done.returncode != 0 or not stages
            print(f"{name:22} {len(stages)} prompts, logits off by at most {max(9e9 if s['max_error'] is None else s['max_error'] for s in stages):.2g} (the adapter moves them by up to "
                  f"{moved:.2g})" + ("" if done.returncode == 0 else "  FAILED"), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
