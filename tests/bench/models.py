#!/usr/bin/env python3
"""The in-process models against PyTorch and transformers: same weights, same inputs, same threads, in turns.

    tests/bench/models.py BENCH_MODELS [--folder DIR] [--minilm DIR] [--dtypes fp32,bf16] [--frames 8] [--tokens 128] [--threads 1] [--rounds 2]

BENCH_MODELS is build/.../tests/bench/bench_models. The first run makes a Python environment (some gigabytes, build/bench-venv) and a folder of
random weights at the 256M shape (0.5 GB, build/models/random-256M). Ratios are the reference's time over ours: above 1 is faster than it.
By the clock, and by processor time, which with one thread means something on a busy machine too. Each side runs --rounds times, in turns, and
the best of each stage counts, so that other work on the machine does not meet one side alone; the machine's load stands beside each figure.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["torch==2.8.0", "transformers==4.57.1", "sentence-transformers", "peft==0.17.1", "gguf", "safetensors", "pillow==11.3.0",
            "num2words", "numpy<2.4"]
IMAGE = 49190


def in_environment():
    """Runs this file again with the Python that has torch, which is made if it is not there."""
    venv = ROOT / "build/bench-venv"
    python = venv / "bin/python"
    if pathlib.Path(sys.prefix) == venv:
        return
    if subprocess.run([python, "-c", "import torch, transformers, sentence_transformers"], capture_output=True, check=False).returncode if \
            python.exists() else True:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "-q", *PACKAGES], check=True)
    os.execv(python, [str(python), *sys.argv])


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def make_inputs(folder, frames):
    import numpy
    ids, positions = [1], []
    for frame in range(frames):
        ids += [100 + 13 * frame + i for i in range(12)] + [49189, 49152]
        positions += range(len(ids), len(ids) + 64)
        ids += [IMAGE] * 64 + [49189]
    ids += [2000 + 3 * i for i in range(16)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ids.json").write_text(json.dumps({"ids": ids, "positions": positions}))
    pixels = numpy.random.default_rng(1).integers(0, 256, (frames, 3, 512, 512)).astype("float32") / 127.5 - 1
    pixels.tofile(folder / "pixels.f32")
    return ids, pixels


class Reference:
    """transformers, loaded once; `run` does all stages."""

    def __init__(self, folder, dtype, threads):
        import torch
        from transformers import AutoModelForImageTextToText
        torch.set_num_threads(threads)
        self.kind = torch.float32 if dtype == "fp32" else torch.bfloat16
        self.load = []
        for _ in range(2):
            model, spent = timed(lambda: AutoModelForImageTextToText.from_pretrained(folder, dtype=self.kind).eval())
            # Weights are mapped at first: they count as loaded when they have been read, as ours have.
            _, read = timed(lambda loaded=model: [float(p.sum()) for p in loaded.parameters()])
            self.load.append({clock: spent[clock] + read[clock] for clock in spent})
        self.model = model

    def run(self, ids, pixels, tokens):
        import torch
        model, out = self.model, {}
        with torch.inference_mode():
            values = torch.from_numpy(pixels).to(self.kind).unsqueeze(0)
            # All frames of random pixels are whole: the mask says so, and position ids are then the table's own (as of transformers 5).
            vision = model.model.vision_model
            patches = vision.config.image_size // vision.config.patch_size
            table = torch.arange(patches * patches).expand(len(pixels), -1)

            def see():
                embeddings = (vision.embeddings.patch_embedding(values[0]).flatten(2).transpose(1, 2) +
                              vision.embeddings.position_embedding(table))
                hidden = vision.encoder(inputs_embeds=embeddings).last_hidden_state
                return model.model.connector(vision.post_layernorm(hidden))

            features, out["vision"] = timed(see)
            embedded = model.get_input_embeddings()(torch.tensor([ids])).clone()
            embedded[0, torch.tensor(ids) == IMAGE] = features.reshape(-1, features.shape[-1]).to(self.kind)

            def prefill():
                return model.model.text_model(inputs_embeds=embedded, use_cache=True)

            prefill()
            done, out["prefill"] = timed(prefill)
            logits = model.lm_head(done.last_hidden_state[:, -1:])
            out["logits"] = logits[0, -1].float().numpy()
            cache, made = done.past_key_values, []

            def decode():
                nonlocal logits
                for _ in range(tokens):
                    token = int(logits[0, -1].argmax())
                    made.append(token)
                    step = model.model.text_model(input_ids=torch.tensor([[token]]), past_key_values=cache, use_cache=True)
                    logits = model.lm_head(step.last_hidden_state)

            _, spent = timed(decode)
            out["token"] = {clock: seconds / tokens for clock, seconds in spent.items()}
            out["ids"] = made
        return out


CLOCKS = ("wall_s", "cpu_s")


def least(runs):
    return {clock: min(run[clock] for run in runs) for clock in CLOCKS}


def show(name, theirs, ours, wanted=None, of="reference"):
    ratios = {clock: theirs[clock] / ours[clock] for clock in CLOCKS}
    print(f"  {name:42} {of} {theirs['wall_s']:8.4f} s  ours {ours['wall_s']:8.4f} s  by the clock {ratios['wall_s']:5.2f}  by processor time "
          f"{ratios['cpu_s']:5.2f}" + (f"  wanted {wanted}" if wanted else "") + f"  load {os.getloadavg()[0]:.1f}", flush=True)


def language(options, dtype):
    import numpy
    inputs = ROOT / "build/models/inputs"
    ids, pixels = make_inputs(inputs, options.frames)

    def ours_once(what, *more):
        done = subprocess.run([options.bench, what, options.folder, inputs, dtype, str(options.threads), *more], stdout=subprocess.PIPE, check=True,
                              text=True)
        return json.loads(done.stdout)

    print(f"{options.folder.name}, {dtype}, {options.threads} threads, {options.frames} frames, {len(ids)} tokens of prompt, {options.tokens} new ones, "
          f"the best of {options.rounds}", flush=True)
    loads = [ours_once("load")["load"] for _ in range(2)]
    them = Reference(options.folder, dtype, options.threads)
    loads.append(ours_once("load")["load"])
    show(f"load, {(options.folder / 'model.safetensors').stat().st_size / 1e9:.2f} GB cached", least(them.load), least(loads), "ours < 1 s a GB")
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(ours_once("language", str(options.tokens)))
        theirs.append(them.run(ids, pixels, options.tokens))
    best = [{stage: least([run[stage] for run in runs]) for stage in ("vision", "prefill", "token")} for runs in (theirs, ours)]
    for stage in ("vision", "prefill", "token"):
        show(stage, best[0][stage], best[1][stage], ">= 3" if stage == "token" and dtype == "bf16" else None)
    whole = [{clock: one["vision"][clock] + one["prefill"][clock] + options.tokens * one["token"][clock] for clock in CLOCKS} for one in best]
    show("vision + prefill + decode", *whole, ">= 1.0" if dtype == "fp32" else ">= 1.5")

    def a_token(name, part=None, count="made"):
        runs = [run[name][part] if part else run[name] for run in ours]
        return {clock: seconds / runs[0][count] for clock, seconds in least(runs).items()}

    show("four conversations against one, a token", a_token("one"), a_token("four"), ">= 1.5", of="one      ")
    show("masks on against off, a step of the model", a_token("masks", "free", "chosen"), a_token("masks", "held", "chosen"), ">= 0.95", of="off      ")
    show("held to a schema against free, a token", a_token("schema", "free"), a_token("schema", "held"), "> 1", of="free     ")
    held = ours[0]["schema"]["held"]
    off = float(numpy.abs(numpy.fromfile(inputs / "ours.f32", "float32") - theirs[0]["logits"]).max())
    same = next((i for i, (a, b) in enumerate(zip(ours[0]["ids"], theirs[0]["ids"])) if a != b), options.tokens)
    print(f"  {held['made']} tokens held to a schema took {held['chosen']} steps of the model; logits off by {off:.2g}, first {same} of {options.tokens} "
          f"tokens equal\n  peak {max(run['peak_bytes'] for run in ours) / 1e9:.2f} GB, allowed "
          f"{(ours[0]['weights_bytes'] * 1.3 + 0.6e9) / 1e9:.2f} GB (weights of {ours[0]['weights_bytes'] / 1e9:.2f} GB x 1.3 + 0.6)", flush=True)


def embedder(options, dtypes):
    import numpy
    import torch
    from sentence_transformers import SentenceTransformer
    words = "a person walks past the red car near gate and opens door while two others wait outside in rain until it leaves".split()
    draw = numpy.random.default_rng(2)
    texts = [" ".join(draw.choice(words, int(draw.integers(5, 60)))) for _ in range(options.texts)]
    path = ROOT / "build/models/inputs/texts.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(texts))
    torch.set_num_threads(options.threads)
    rows = {}
    for dtype in dtypes:
        model = SentenceTransformer(str(options.minilm), device="cpu")
        if dtype == "bf16":
            model = model.bfloat16()
        model.encode(texts[:64], batch_size=64)
        ours, theirs = [], []
        for _ in range(options.rounds):
            done = subprocess.run([options.bench, "embedder", options.minilm, path, dtype, str(options.threads)], stdout=subprocess.PIPE,
                                  check=True, text=True)
            ours.append(json.loads(done.stdout)["embed"])
            theirs.append(timed(lambda: model.encode(texts, batch_size=64))[1])
        show(f"MiniLM {dtype}, {len(texts)} texts", least(theirs), least(ours), ">= 1.0" if dtype == "fp32" else ">= 1.5")
        rows[dtype] = numpy.fromfile(path.with_suffix(f".{dtype}.f32"), "float32").reshape(len(texts), -1)
    if "fp32" in rows and "bf16" in rows:
        a, b = rows["fp32"], rows["bf16"]
        cosines = (a * b).sum(1) / numpy.linalg.norm(a, axis=1) / numpy.linalg.norm(b, axis=1)
        print(f"  MiniLM bf16 against fp32: least cosine {cosines.min():.6f}  wanted >= 0.999")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/models/random-256M")
    parser.add_argument("--minilm", type=pathlib.Path, default=pathlib.Path.home() / ".local/share/reelgraph/models/all-MiniLM-L6-v2")
    parser.add_argument("--dtypes", default="fp32,bf16")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--texts", type=int, default=512)
    parser.add_argument("--skip", choices=["language", "embedder"])
    options = parser.parse_args()
    in_environment()
    if not (options.folder / "model.safetensors").exists():
        subprocess.run([sys.executable, ROOT / "tests/bench/make_random_model.py", options.folder], check=True)
    dtypes = options.dtypes.split(",")
    if options.skip != "embedder":
        embedder(options, dtypes)
    if options.skip != "language":
        for dtype in dtypes:
            language(options, dtype)


if __name__ == "__main__":
    main()
