"""Trains the small model of models/sim on pictures of reelgraph-sim-frames. One run, one learning-rate decay."""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import dataset
from dataset import CELLS, SIDE, WORDS
from replies import parse, score
from model import Shape, SmallVlm, build_tokenizer, prompt_ids, read_folder, write_folder

# What the throw-away head on the picture's tokens tells apart: each kind in each of its colours, and each load on its own.
MARKS = ([f"worker {c}" for c in WORDS["colour"]] + [f"forklift {c}" for c in WORDS["colour"]] + [f"player {c}" for c in WORDS["colour"]] + ["referee", "ball"]
         + [f"pallet {load}" for load in WORDS["load"]] + [f"forklift {load}" for load in WORDS["load"]] + ["worker boxes"])

WEIGHTS = {"text": 1.0, "patches": 0.1, "tokens": 0.1, "index": 0.1}


def marks_of(thing: dict) -> list[str]:
    kind = thing["kind"]
    marks = [f"{kind} {thing['colour']}"] if thing["colour"] and kind != "referee" else [kind] if kind in ("referee", "ball") else []
    return marks + ([f"{kind} {thing['load']}"] if thing["load"] else [])


class Move:
    """A picture made smaller, shifted and seen from another height: x' = cx + sx (x - 1/2) (1 + k (y - 1/2)), y' = cy + sy (y - 1/2), all in shares of the picture's sides."""

    def __init__(self, rng: np.random.Generator, moves: bool, mirrored: bool):
        self.mirrored = mirrored
        self.sx = self.sy = 1.0
        self.k, self.cx, self.cy = 0.0, 0.5, 0.5
        if moves:
            self.sx, self.sy, self.k = rng.uniform(0.84, 1.03), rng.uniform(0.74, 1.03), rng.uniform(-0.15, 0.15)
            self.cx += rng.uniform(-1, 1) * abs(1 - self.sx) / 2
            self.cy += rng.uniform(-1, 1) * abs(1 - self.sy) / 2

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        x = 1 - x if self.mirrored else x
        return self.cx + self.sx * (x - 0.5) * (1 + self.k * (y - 0.5)), self.cy + self.sy * (y - 0.5)

    def sources(self) -> np.ndarray:
        """float32 [SIDE, SIDE, 2]: for each pixel of the moved picture where it is taken from, in the -1..1 of grid_sample."""
        at = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
        y = (at - self.cy) / self.sy
        x = (at[None, :] - self.cx) / (self.sx * (1 + self.k * y[:, None]))
        return np.stack((-2 * x if self.mirrored else 2 * x, np.broadcast_to(2 * y[:, None], x.shape)), -1).astype(np.float32)


class Pictures:
    """Memory-mapped pictures with what is said of them; for learning also mirrored, moved and in another light."""

    def __init__(self, tokenizer):
        self.folders: list[Path] = []
        self.arrays: list[np.ndarray] = []
        self.truths: list[list[dict]] = []
        words = {word: tokenizer.encode(" " + word).ids for group in WORDS.values() for word in group}
        words |= {str(i): tokenizer.encode(f" {i}").ids for i in range(CELLS)}
        words |= {"nothing": tokenizer.encode(" nothing").ids, ";": tokenizer.encode(";").ids}
        assert all(len(ids) == 1 for ids in words.values()), "a word is more than one token"
        self.word = {word: ids[0] for word, ids in words.items()}
        self.end = tokenizer.token_to_id("<end_of_utterance>")
        self.mark = {mark: i for i, mark in enumerate(MARKS)}
        self.noise = torch.randn(1 << 20)

    def add(self, folder: Path) -> None:
        """Nothing if it is not whole yet, or was added before."""
        if folder in self.folders or not (folder / "pictures.npy").exists():
            return
        pictures, truths = dataset.load(folder)
        self.arrays.append(pictures)
        self.truths.append(truths)
        self.folders.append(folder)

    def labels(self, truth: dict, move: Move) -> tuple[list[int], list[tuple[int, int, int]]]:
        said = dataset.things_said(truth, move)
        ids: list[int] = []
        for thing in said:
            ids += [self.word[";"]] if ids else []
            ids += [self.word[word] for word in (thing["colour"], thing["kind"], thing["load"], str(thing["column"]), str(thing["row"])) if word]
        marks = [(self.mark[mark], thing["row"], thing["column"]) for thing in said for mark in marks_of(thing)]
        return (ids or [self.word["nothing"]]) + [self.end], marks

    def __len__(self) -> int:
        return sum(len(truths) for truths in self.truths)

    def draw(self, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
        """(folder, picture); from each folder as often as from any other."""
        folders = rng.integers(0, len(self.folders), count)
        return [(int(f), int(rng.integers(0, len(self.truths[f])))) for f in folders]

    def batch(self, chosen: list[tuple[int, int]], rng: np.random.Generator | None):
        """-> pictures float32 [B, 3, SIDE, SIDE], replies int64 [B, T] filled up with -1, marks float32 [B, CELLS, CELLS, marks]. With `rng`, changed for learning."""
        count = len(chosen)
        x = torch.from_numpy(np.stack([self.arrays[folder][i] for folder, i in chosen])).permute(0, 3, 1, 2).float()
        if rng is None:
            moves = [Move(None, False, False)] * count
        else:
            moves = [Move(rng, rng.random() < 0.5, rng.random() < 0.5) for _ in chosen]
            x = F.grid_sample(x, torch.from_numpy(np.stack([move.sources() for move in moves])), padding_mode="border", align_corners=False)
            x = in_another_light(x, self.noise, rng)
        x = (x / 255 - 0.5) / 0.5
        labels = [self.labels(self.truths[folder][i], move) for (folder, i), move in zip(chosen, moves)]
        replies = torch.full((count, max(len(ids) for ids, _ in labels)), -1, dtype=torch.int64)
        marks = torch.zeros(count, CELLS, CELLS, len(MARKS))
        for b, (ids, seen) in enumerate(labels):
            replies[b, : len(ids)] = torch.tensor(ids)
            for mark, row, column in seen:
                marks[b, row, column, mark] = 1
        return x, replies, marks


def in_another_light(x: Tensor, noise: Tensor, rng: np.random.Generator) -> Tensor:
    """Pictures 0..255 [B, 3, SIDE, SIDE], half of them a little, half of them much brighter, darker, warmer, colder, and with light from one side."""
    count = len(x)

    def each(low: float, high: float, *shape: int) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, (count, *shape))).float()

    much = torch.from_numpy((rng.random(count) < 0.5).astype(np.float32))[:, None, None, None]
    gain = (each(-1, 1, 1, 1, 1) * (0.12 + 0.45 * much)).exp()
    warmth = each(-1, 1, 1, 1, 1) * (0.03 + 0.16 * much)
    gain = gain * torch.cat((1 + warmth, torch.ones_like(warmth), 1 - warmth), 1) * each(0.95, 1.05, 3, 1, 1)
    angle, depth = each(0, 2 * math.pi, 1, 1), each(0, 0.3, 1, 1) * much[:, 0]
    across = torch.linspace(-0.5, 0.5, SIDE)
    fall = 1 - depth * (0.5 + angle.cos() * across[None, None, :] + angle.sin() * across[None, :, None]).clamp(0, 1)
    x = (x * gain * fall[:, None] + each(-4, 4, 1, 1, 1)).clamp(0, 255)
    at = rng.integers(0, noise.shape[0] - SIDE * SIDE * 3, count)
    x += torch.stack([noise[a: a + SIDE * SIDE * 3] for a in at]).view(x.shape) * each(0, 4, 1, 1, 1)
    return x.clamp(0, 255)


class Muon(torch.optim.Optimizer):
    """Momentum whose matrix updates are made orthogonal by five Newton-Schulz steps (Jordan et al., 2024)."""

    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                momentum = state.setdefault("momentum", torch.zeros_like(parameter))
                momentum.mul_(group["momentum"]).add_(parameter.grad)
                x = parameter.grad + group["momentum"] * momentum
                tall = x.shape[0] > x.shape[1]
                x = x.T if tall else x
                x = x / (x.norm() + 1e-7)
                for _ in range(5):
                    a = x @ x.T
                    x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
                x = x.T if tall else x
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(x, alpha=-group["lr"] * math.sqrt(max(1, parameter.shape[0] / parameter.shape[1])))


class PlacesHead(nn.Module):
    """Thrown away after training: from each token, which marks lie in which cells of its part of the picture."""

    def __init__(self, width: int, tokens: int):
        super().__init__()
        self.per_side = math.isqrt(tokens)
        self.fine = CELLS // self.per_side
        self.linear = nn.Linear(width, len(MARKS) * self.fine**2)
        nn.init.constant_(self.linear.bias, -5.0)

    def loss(self, tokens: Tensor, marks: Tensor) -> Tensor:
        """Cross entropy a mark that is there."""
        n, fine = self.per_side, self.fine
        wanted = marks.view(-1, n, fine, n, fine, len(MARKS)).permute(0, 1, 3, 2, 4, 5).reshape(len(marks), n * n, -1)
        return F.binary_cross_entropy_with_logits(self.linear(tokens), wanted, reduction="sum") / marks.sum().clamp(min=1)


class Trainer:
    def __init__(self, model: SmallVlm, tokenizer):
        self.model = model
        self.prompt, self.first_image = prompt_ids(tokenizer, model.shape.image_tokens)
        shape = model.shape
        self.heads = nn.ModuleDict({"patches": PlacesHead(shape.vision_width, shape.patches), "tokens": PlacesHead(shape.width, shape.image_tokens),
                                    "index": nn.Linear(shape.width, shape.image_tokens)})

    def losses(self, x: Tensor, replies: Tensor, marks: Tensor, speak: bool) -> dict[str, Tensor]:
        """@param speak: False leaves the text out"""
        model = self.model
        patches, seen = model.look(x)
        losses = self.head_losses(patches, seen, marks)
        if speak:
            prompt = torch.tensor(self.prompt).expand(len(x), -1)
            ids = torch.cat((prompt, replies[:, :-1].clamp(min=0)), 1)
            hidden = model.read(ids, self.first_image, seen)[:, len(self.prompt) - 1:]
            losses["text"] = F.cross_entropy(model.words(hidden).flatten(0, 1), replies.flatten(), ignore_index=-1)
        return losses

    def fit_heads(self, pictures: "Pictures", rng: np.random.Generator, batch: int, steps: int = 250) -> None:
        """New heads on a model that already sees: they learn alone, so that what they first get wrong does not change it."""
        adam = torch.optim.Adam(self.heads.parameters(), 4e-3)
        for step in range(steps):
            for group in adam.param_groups:
                group["lr"] = 4e-3 * (1 - step / steps)
            x, _, marks = pictures.batch(pictures.draw(batch, rng), rng)
            with torch.no_grad():
                patches, seen = self.model.look(x)
            losses = self.head_losses(patches, seen, marks)
            sum(losses.values()).backward()
            adam.step()
            adam.zero_grad()
        print("heads", " ".join(f"{name} {loss.item():.3f}" for name, loss in losses.items()), flush=True)

    def head_losses(self, patches: Tensor, seen: Tensor, marks: Tensor) -> dict[str, Tensor]:
        index = F.cross_entropy(self.heads["index"](seen).flatten(0, 1), torch.arange(seen.shape[1]).repeat(len(seen)))
        return {"patches": self.heads["patches"].loss(patches, marks), "tokens": self.heads["tokens"].loss(seen, marks), "index": index}

    @torch.no_grad()
    def say(self, x: Tensor, end: int, most: int = 96) -> list[list[int]]:
        """Greedy replies."""
        model = self.model
        seen = model.look(x)[1]
        ids = torch.tensor(self.prompt).expand(len(x), -1)
        alive = torch.ones(len(x), dtype=torch.bool)
        for _ in range(most):
            word = model.words(model.read(ids, self.first_image, seen)[:, -1]).argmax(-1)
            word = torch.where(alive, word, torch.full_like(word, end))
            ids = torch.cat((ids, word[:, None]), 1)
            alive &= word != end
            if not alive.any():
                break
        return ids[:, len(self.prompt):].tolist()


def evaluate(trainer: Trainer, pictures: Pictures, tokenizer, count: int) -> dict:
    trainer.model.eval()
    hits = said_count = true_count = exact = words_right = 0
    count = min(count, len(pictures))
    for start in range(0, count, 100):
        chosen = [(0, i) for i in range(start, min(count, start + 100))]
        x, replies, _ = pictures.batch(chosen, None)
        for ids, reply in zip(trainer.say(x, pictures.end), replies.tolist()):
            said = parse(tokenizer.decode([i for i in ids if i != pictures.end]))
            truth = parse(tokenizer.decode([i for i in reply if i not in (-1, pictures.end)]))
            h, s, t = score(said, truth)
            hits, said_count, true_count = hits + h, said_count + s, true_count + t
            exact += h == s == t
            words_right += sorted(a[0] for a in said) == sorted(b[0] for b in truth)
    trainer.model.train()
    return {"exact": exact / count, "words": words_right / count, "precision": hits / max(1, said_count), "recall": hits / max(1, true_count)}


@torch.no_grad()
def seen_right(trainer: Trainer, pictures: Pictures, count: int) -> dict[str, float]:
    """F1 of the marks that the throw-away heads find in their very cells, at a threshold of .4."""
    tp = {"patches": [0, 0, 0], "tokens": [0, 0, 0]}
    count = min(count, len(pictures))
    for start in range(0, count, 100):
        x, _, marks = pictures.batch([(0, i) for i in range(start, min(count, start + 100))], None)
        for name, tokens in zip(tp, trainer.model.look(x)):
            head = trainer.heads[name]
            n, fine = head.per_side, head.fine
            said = torch.sigmoid(head.linear(tokens)) > 0.4
            wanted = marks.view(-1, n, fine, n, fine, len(MARKS)).permute(0, 1, 3, 2, 4, 5).reshape(len(marks), n * n, -1) > 0
            for k, v in enumerate((said & wanted, said, wanted)):
                tp[name][k] += int(v.sum())
    return {name: round(2 * a / max(1, b + c), 3) for name, (a, b, c) in tp.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of dataset.py to learn from; those that are not whole yet are taken in when they are")
    parser.add_argument("--check", type=Path, nargs="+", required=True, help="folders of dataset.py to score on")
    parser.add_argument("--out", type=Path, default=Path("models/sim"))
    parser.add_argument("--minutes", type=float, default=90, help="of training; the learning rate falls to zero over them")
    parser.add_argument("--look-minutes", type=float, default=25, help="of them in which only seeing is learned, not speaking")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=2e-3)
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=500, help="steps between checks")
    parser.add_argument("--say", type=int, default=200, help="pictures of each check that are also spoken of, five times as many at the end; slow: 0 leaves it out")
    parser.add_argument("--start", type=Path, help="weights to begin with: checkpoint.pt or the folder of an earlier run; learning rate and steps begin anew")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/checkpoint.pt")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(chosen.seed)
    rng = np.random.default_rng(chosen.seed)

    tokenizer = build_tokenizer()
    shape = Shape(vocabulary=tokenizer.get_vocab_size())
    model = SmallVlm(shape)
    trainer = Trainer(model, tokenizer)
    pictures, checks = Pictures(tokenizer), {folder.name: Pictures(tokenizer) for folder in chosen.check}
    for folder in chosen.data:
        pictures.add(folder)
    for folder in chosen.check:
        checks[folder.name].add(folder)
    heads = list(trainer.heads.parameters())
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if not (p.dim() == 2 and "embed" not in n)] + heads
    muon, adam = Muon(matrices, chosen.muon_lr), torch.optim.AdamW(others, chosen.adam_lr, betas=(0.9, 0.98), weight_decay=0.0)
    chosen.out.mkdir(parents=True, exist_ok=True)
    log = open(chosen.out / "training.jsonl", "a")
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {len(pictures)} pictures, vocabulary {shape.vocabulary}", flush=True)

    done, spent = 0, 0.0
    resumed = chosen.resume and (chosen.out / "checkpoint.pt").exists()
    if chosen.start and chosen.start.is_dir() and not resumed:
        read_folder(chosen.start, model)
        trainer.fit_heads(pictures, rng, chosen.batch)
    elif resumed or chosen.start:
        state = torch.load(chosen.out / "checkpoint.pt" if resumed else chosen.start, weights_only=False)
        model.load_state_dict(state["model"])
        trainer.heads.load_state_dict(state["heads"])
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        if resumed:
            done, spent = state["done"], state["spent"]
        rng = np.random.default_rng(chosen.seed + done)
    waiting: list[list[tuple[int, bool]]] = []
    sums: dict[str, list[float]] = {}
    step = done
    whole = 60 * chosen.minutes
    while spent < whole:
        started = time.time()
        if not waiting:  # batches of like length, in random order
            pool = pictures.draw(chosen.batch * 16, rng)
            pool.sort(key=lambda c: len(pictures.truths[c[0]][c[1]]["things"]))
            waiting = [pool[k: k + chosen.batch] for k in range(0, len(pool), chosen.batch)]
            rng.shuffle(waiting)
        rate = min(1, (step + 1) / chosen.warmup) * (1 - spent / whole)
        for optimizer, base in ((muon, chosen.muon_lr), (adam, chosen.adam_lr)):
            for group in optimizer.param_groups:
                group["lr"] = base * rate
        losses = trainer.losses(*pictures.batch(waiting.pop(), rng), spent >= 60 * chosen.look_minutes)
        sum(WEIGHTS[name] * loss for name, loss in losses.items()).backward()
        nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer in (muon, adam):
            optimizer.step()
            optimizer.zero_grad()
        for name, loss in losses.items():
            sums.setdefault(name, []).append(loss.item())
        step += 1
        spent += time.time() - started
        last = spent >= whole
        if step % 50 == 0:
            for folder in chosen.data:
                pictures.add(folder)
            print(step, f"{spent:.0f} s", " ".join(f"{name} {np.mean(values):.3f}" for name, values in sums.items()), flush=True)
        if step % chosen.every == 0 or last:
            record = {"step": step, "pictures": step * chosen.batch, "seconds": round(spent), "losses": {name: round(float(np.mean(values)), 4) for name, values in sums.items()}}
            sums = {}
            for name, check in checks.items():
                record[name] = {"seen": seen_right(trainer, check, 400)}
            if last:
                write_folder(chosen.out, model, tokenizer)  # before the long check
            for name, check in checks.items() if chosen.say and "text" in losses else ():
                record[name] |= {key: round(value, 4) for key, value in evaluate(trainer, check, tokenizer, chosen.say * (5 if last else 1)).items()}
            print(json.dumps(record), flush=True)
            log.write(json.dumps(record) + "\n")
            log.flush()
            write_folder(chosen.out, model, tokenizer)
            torch.save({"model": model.state_dict(), "heads": trainer.heads.state_dict(), "muon": muon.state_dict(), "adam": adam.state_dict(), "done": step, "spent": spent}, chosen.out / "checkpoint.part")
            (chosen.out / "checkpoint.part").rename(chosen.out / "checkpoint.pt")


if __name__ == "__main__":
    main()
