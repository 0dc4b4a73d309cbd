"""Reading and scoring of what a model says of a picture."""


def parse(text: str) -> list[tuple[str, int, int]]:
    things = []
    for part in text.strip().split(";"):
        words = part.split()
        if len(words) >= 3 and words[-1].isdigit() and words[-2].isdigit():
            things.append((" ".join(words[:-2]), int(words[-2]), int(words[-1])))
    return things


def score(said: list[tuple[str, int, int]], truth: list[tuple[str, int, int]], reach: int = 1) -> tuple[int, int, int]:
    """-> right, said, true. A thing is right with all its words and within `reach` cells in both directions; each is used once, the nearest first."""
    pairs = sorted((abs(a[1] - b[1]) + abs(a[2] - b[2]), i, j) for i, a in enumerate(said) for j, b in enumerate(truth)
                   if a[0] == b[0] and abs(a[1] - b[1]) <= reach and abs(a[2] - b[2]) <= reach)
    left, right, hits = set(range(len(said))), set(range(len(truth))), 0
    for _, i, j in pairs:
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            hits += 1
    return hits, len(said), len(truth)
