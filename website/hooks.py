"""What MkDocs calls while it builds: generated pages come in, links are led."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from website import links, reference


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds the reference, the documents at the root, and what documents link to outside of ``docs/``."""
    for place, make in reference.PAGES.items():
        files.append(File.generated(config, place, content=make()))
    files.append(File.generated(config, "decisions/README.md", content=_decisions()))
    todo = {links.ROOT / "README.md", *links.ROOT.glob("[A-Z]*.md")}
    for document in links.DOCS.rglob("*.md"):
        todo |= links.outside(document.read_text(encoding="utf-8"), document)
    seen: set[Path] = set()
    while todo - seen:
        file = min(todo - seen)
        seen.add(file)
        files.append(File.generated(config, links.place(file), abs_src_path=str(file)))
        if file.suffix == ".md":
            todo |= links.outside(file.read_text(encoding="utf-8"), file)
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leads the links of what was written by hand; generated pages are written for the site."""
    if page.file.src_uri in reference.PAGES or page.file.src_uri == "decisions/README.md":
        return markdown
    return links.led(markdown, links.origin(page.file.src_uri))


def _decisions() -> str:
    """The list of decisions, by their headings."""
    lines = ["# Decisions", "", "Why it is as it is. A decision is not changed; a later one takes its place.", ""]
    for file in sorted((links.DOCS / "decisions").glob("0*.md")):
        title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"* [{title}]({file.name})")
    return "\n".join(lines) + "\n"
