"""``trilemma index``: build a retrieval index, change it, and look into it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.errors import InputError, shorten
from harness.user_cache import cache_folder

if TYPE_CHECKING:
    from harness.progress import Progress
    from harness.protocols import Embedder
    from harness.types import Document
    from strategies.retrieval.chunks import Chunking
    from strategies.retrieval.index import ChunkIndex, IndexKind

_folder = click.Path(path_type=Path)


@click.group()
def index() -> None:
    """Build, change and search a retrieval index."""


@index.command()
@click.argument("corpus", type=_folder)
@click.option("--out", type=_folder, required=True, metavar="DIR", help="Folder of the index.")
@click.option("--embedder", default="builtin:minilm", show_default=True, help="A folder or a hub id.")
@click.option("--chunk-tokens", type=click.IntRange(min=8), default=120, show_default=True)
@click.option("--overlap-tokens", type=click.IntRange(min=0), default=20, show_default=True)
@click.option(
    "--index",
    "kind",
    type=click.Choice(["auto", "flat", "ivf"]),
    default="auto",
    show_default=True,
    help="flat is exact, ivf fast; auto: ivf above 100,000 chunks.",
)
def build(
    corpus: Path, out: Path, embedder: str, chunk_tokens: int, overlap_tokens: int, kind: IndexKind
) -> None:
    """Build the index of CORPUS.

    CORPUS is a folder of documents, or a .jsonl file with id, title and text. Documents are text,
    Markdown, reStructuredText, HTML, Word and PDF; what is left out is named.

    An index that stands in DIR is replaced when the new one is complete.
    """
    documents = _documents(corpus)
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "meta.json").exists())):
        raise InputError(out, "", "is no index and is not empty", "name a new folder")
    from harness.embedders.embedder import load_embedder
    from strategies.retrieval.chunks import Chunking
    from strategies.retrieval.index import ChunkIndex

    loaded = load_embedder(embedder, cache_folder())
    chunking = Chunking(chunk_tokens=chunk_tokens, overlap_tokens=overlap_tokens)
    _check(chunking, loaded)
    about = {
        "embedder": embedder,
        "embedder_digest": loaded.digest,
        "chunking": chunking.model_dump(),
        "index": kind,
        "documents": {},
    }
    new = ChunkIndex(loaded.embed([]).shape[1])
    _put(new, about, documents, loaded)
    _save(new, about, out)


@index.command()
@click.argument("folder", type=_folder, metavar="DIR")
@click.argument("paths", type=_folder, nargs=-1, required=True, metavar="PATH...")
def add(folder: Path, paths: tuple[Path, ...]) -> None:
    """Add or replace documents, by their ids.

    PATH is a folder, a .jsonl file, or one document, whose id is its name without the suffix.
    """
    documents = {document.id: document for path in paths for document in _documents(path)}
    opened, about, embedder = _open(folder)
    before = about["documents"]
    n_replaced = len(before.keys() & documents.keys())
    n_changed = _put(opened, about, list(documents.values()), embedder)
    n_unchanged = len(documents) - n_changed
    click.echo(
        f"added {len(documents) - n_replaced}, replaced {n_replaced - n_unchanged}, unchanged {n_unchanged}"
    )
    _save(opened, about, folder)


@index.command()
@click.argument("folder", type=_folder, metavar="DIR")
@click.argument("document_ids", nargs=-1, required=True, metavar="DOC_ID...")
def remove(folder: Path, document_ids: tuple[str, ...]) -> None:
    """Remove documents from the index in DIR.

    When one of them is not there, none is removed.
    """
    opened, about = _open_files(folder)
    for document_id in document_ids:
        if document_id not in about["documents"]:
            close = difflib.get_close_matches(document_id, about["documents"], n=1, cutoff=0.5)
            remedy = f"did you mean {close[0]!r}?" if close else "find its id with `trilemma index search`"
            raise InputError(folder, "document", "is not in the index", remedy, document_id)
    opened.remove(*document_ids)
    for document_id in set(document_ids):
        del about["documents"][document_id]
    _save(opened, about, folder)


@index.command()
@click.argument("folder", type=_folder, metavar="DIR")
@click.argument("query")
@click.option("-k", "--top-k", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--min-score", type=click.FloatRange(-1.0, 1.0), help="Leave out what scores less.")
def search(folder: Path, query: str, top_k: int, min_score: float | None) -> None:
    """Print the passages of DIR that are nearest to QUERY.

    Each with score, chunk, title and text, the best first.
    """
    opened, _, embedder = _open(folder)
    from harness.types import PrepareCost
    from strategies.retrieval.building import Built
    from strategies.retrieval.chunks import text_to_read
    from strategies.retrieval.retrievers.dense import DenseRetriever

    built = Built("", opened, PrepareCost(), opened.record)
    (found,) = DenseRetriever(built, embedder, min_score).search([query], top_k)
    for hit in found.hits:
        title = f"{hit.chunk.title}: " if hit.chunk.title else ""
        text = shorten(title + text_to_read(hit.chunk.title, hit.chunk.text), 300)
        click.echo(f"{hit.score:.3f}  {hit.chunk.id}  {text}")
    if not found.hits:
        click.echo("nothing found", err=True)


def _documents(path: Path) -> Sequence[Document]:
    from harness.tasks.corpus import read_corpus
    from harness.tasks.remarks import Remarks
    from harness.tasks.spec import CorpusSource

    if not path.exists():
        raise InputError(path, "", "there is no such file or folder", "check the path")
    remarks = Remarks()
    documents = read_corpus(CorpusSource(path=str(path)), Path(), remarks)
    for line in remarks.lines():
        click.echo(line, err=True)
    return documents


def _open_files(folder: Path) -> tuple[ChunkIndex, dict[str, Any]]:
    from strategies.retrieval.index import ChunkIndex

    opened, about = ChunkIndex.open(folder, _progress())
    if "embedder" not in about:
        raise InputError(folder, "", "belongs to a run", "build one of its own: trilemma index build")
    return opened, about


def _open(folder: Path) -> tuple[ChunkIndex, dict[str, Any], Embedder]:
    """Open an index with the embedder it was built with."""
    from harness.embedders.embedder import load_embedder

    opened, about = _open_files(folder)
    embedder = load_embedder(about["embedder"], cache_folder())
    if embedder.digest != about["embedder_digest"]:
        raise InputError(
            folder,
            "embedder",
            "is not the model any more that the index was built with",
            "build the index again, or bring the model back",
            about["embedder"],
        )
    return opened, about, embedder


def _put(opened: ChunkIndex, about: dict[str, Any], documents: Sequence[Document], embedder: Embedder) -> int:
    """Add or replace the new and changed documents; return how many there were."""
    from harness.digests import digest_of
    from strategies.retrieval.building import embedded
    from strategies.retrieval.chunks import Chunking
    from strategies.retrieval.retriever import Source

    digests = {document.id: digest_of(document.model_dump()) for document in documents}
    known = about["documents"]
    changed = tuple(document for document in documents if known.get(document.id) != digests[document.id])
    opened.remove(*(document.id for document in changed))
    source = Source(changed, chunking=Chunking.model_validate(about["chunking"]))
    for part in embedded(source, embedder, _progress()):
        opened.add(part.chunks, part.vectors)
    known |= digests
    return len(changed)


def _save(opened: ChunkIndex, about: dict[str, Any], folder: Path) -> None:
    opened.fit(about["index"], _progress())
    size = opened.save(folder, about, _progress())
    click.echo(
        f"{folder}: {len(about['documents'])} documents, {len(opened)} chunks, {size / 1e6:.1f} MB"
        + _lists(opened.record)
    )


def _lists(record: dict[str, Any]) -> str:
    if record["index"] == "flat":
        return ""
    lists, probes, recall = record["n_lists"], record["n_probes"], record["recall_at_10"]
    return f", ivf: {lists:,} lists, {probes:,} probed, recall@10 {recall:.3f}"


def _progress() -> Progress:
    from harness.progress import progress_for

    return progress_for(sys.stderr)


def _check(chunking: Chunking, embedder: Embedder) -> None:
    if chunking.chunk_tokens > embedder.max_tokens:
        raise InputError(
            "index build",
            "--chunk-tokens",
            f"must be at most {embedder.max_tokens}, all that the embedder can see",
            f"use {min(120, embedder.max_tokens)}",
            chunking.chunk_tokens,
        )
    if chunking.overlap_tokens >= chunking.chunk_tokens:
        raise InputError(
            "index build",
            "--overlap-tokens",
            f"must be less than --chunk-tokens ({chunking.chunk_tokens})",
            f"use {chunking.chunk_tokens // 6}",
            chunking.overlap_tokens,
        )
