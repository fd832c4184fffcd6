"""The taxonomies at hand: importing releases, opening them with their mapper.

Files of the folder, none ever changed after it was written::

    <name>-<release>+<hash>.taxonomy.json   content; the hash is of these bytes
    <version>.index-<hash>.npz              search index; the hash is of engine format and lexicon; rebuilt if lost
    vectors-<encoder>-skills-<hash>.npy     vectors of skills by content, shared by all taxonomies; rebuilt if lost
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ascertain.errors import ConfigError, InputError, IntegrityError, NotFoundError
from ascertain.taxonomy.artefacts import decode, encode, write_once
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.formats.custom import load_custom
from ascertain.taxonomy.formats.esco import load_esco
from ascertain.taxonomy.formats.onet import load_onet
from ascertain.taxonomy.index import FORMAT, LexicalIndex, build, from_bytes, to_bytes
from ascertain.taxonomy.lexicon import Lexicon, read_lexicon
from ascertain.taxonomy.loaded import LoadedTaxonomy, Problem, Progress
from ascertain.taxonomy.mapper import SkillMapper
from ascertain.taxonomy.model import HYBRID, LEXICAL, read_model
from ascertain.taxonomy.retrieval import EncoderRetriever, OwnRetrieval, Retriever, target_vectors

STARTER = "starter"
STARTER_RELEASE = "1"
FORMATS = ("esco", "onet", "custom")
ENCODED = "en"
"""The language that the encoder reads; a taxonomy in another one is searched by words alone."""
_SUFFIX = ".taxonomy.json"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``skills`` and ``job_profiles`` are counts."""

    name: str
    version: str
    skills: int
    job_profiles: int
    problems: tuple[Problem, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class TaxonomyBundle:
    """An open taxonomy with its mapper. ``problems`` of the starter taxonomy; empty for an imported one."""

    taxonomy: ConceptStore
    mapper: SkillMapper
    problems: tuple[Problem, ...] = ()


class TaxonomyLibrary:
    """Taxonomies in a folder of artefacts, plus the starter taxonomy of the configuration."""

    def __init__(
        self,
        folder: Path,
        config_dir: Path,
        *,
        encoder: Encoder | None = None,
        words_only: bool = False,
        own: OwnRetrieval | None = None,
    ) -> None:
        """``encoder`` in place of the shipped one; ``words_only`` does without any; ``own`` finds skills by meaning
        in another way (see ``langchain``)."""
        self._folder = folder
        self._config = config_dir
        self._own = own
        self._encoder = None if words_only or own else encoder or _shipped_encoder()

    def import_taxonomy(
        self,
        format: str,
        path: Path,
        *,
        name: str | None = None,
        language: str = "en",
        progress: Progress | None = None,
    ) -> ImportReport:
        """Read a release, index it and keep both. Importing the same content again changes nothing but makes it
        the newest.

        Args:
            format: ``esco``, ``onet`` or ``custom``.
            name: what to open it by; the format's name by default.

        Raises:
            InputError: when the release cannot be used at all; single bad rows are in the report's ``problems``.
            ConfigError: when the folder cannot be written.
        """
        started = time.monotonic()
        say = progress or (lambda stage, done, total: None)
        name = name or format
        if name == STARTER or not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot name a taxonomy",
                field="name",
                remedy="use small letters, digits and _, beginning with a letter; 'starter' is taken",
            )
        loaded = self._load(format, path, name, language, say)
        meta = {"name": name, "release": loaded.release, "language": language}
        raw = encode(loaded.skills, loaded.job_profiles, meta)
        version = f"{name}-{loaded.release}+{hashlib.sha256(raw).hexdigest()[:12]}"
        file = self._folder / f"{version}{_SUFFIX}"
        lexicon = read_lexicon(self._config)
        store = ConceptStore(version, loaded.skills, loaded.job_profiles)
        index = build(store.skills(), store.job_profiles(), lexicon, lambda s, d, t: say("index", d, t))
        if self._encoder and language == ENCODED:
            target_vectors(self._encoder, store.skills(), self._folder, self._shipped, progress=say)
        try:
            write_once(self._index_file(version, lexicon), to_bytes(index))
            write_once(file, raw)  # last: a taxonomy is there once its index is
        except OSError as e:
            raise ConfigError(
                f"cannot write taxonomies to {self._folder}: {e.strerror}",
                remedy="point ASCERTAIN_HOME at a folder that this user may write",
            ) from None
        say("done", 1, 1)
        return ImportReport(
            name,
            version,
            len(loaded.skills),
            len(loaded.job_profiles),
            loaded.problems,
            round(time.monotonic() - started, 3),
        )

    def names(self) -> list[str]:
        """Names that can be opened, ``starter`` first."""
        return [STARTER, *sorted({_split(f)[0] for f in self._files()})]

    def versions(self, name: str) -> list[str]:
        """Version strings of an imported taxonomy, the newest import first."""
        return [_version(f) for f in self._files() if _split(f)[0] == name]

    def open(self, name: str) -> TaxonomyBundle:
        """Open a taxonomy by ``name`` (its newest import) or ``name@version``.

        ``version`` may be the whole version string, its release, or the beginning of its hash.

        Raises:
            NotFoundError: when there is none, naming those there are.
            IntegrityError: when a file is not what its name says.
        """
        base, _, wanted = name.partition("@")
        if base == STARTER:
            return self._open_starter(wanted)
        files = [f for f in self._files() if _split(f)[0] == base]
        if wanted:
            files = [f for f in files if _matches(f, wanted)]
        if not files:
            there = [STARTER, *(f"{n}@{v.partition('-')[2]}" for n in self.names()[1:] for v in self.versions(n))]
            raise NotFoundError(
                f"there is no taxonomy {name!r}",
                remedy=f"use one of {', '.join(there)}, or import it: ascertain taxonomy import",
            )
        version = _version(files[0])
        raw = files[0].read_bytes()
        if hashlib.sha256(raw).hexdigest()[:12] != version.rpartition("+")[2]:
            raise IntegrityError(
                f"{files[0].name} is not what its name says", remedy="delete the file and import the taxonomy again"
            )
        skills, profiles, meta = decode(raw)
        return self._bundle(ConceptStore(version, skills, profiles), read_lexicon(self._config), (), meta["language"])

    def _open_starter(self, wanted: str) -> TaxonomyBundle:
        folder, roles, schemas = self._config / "taxonomy" / STARTER, self._config / "roles", self._config / "schemas"
        files = [*sorted(folder.glob("*.json")), *sorted(roles.glob("*.json"))]
        hashed = hashlib.sha256()
        for f in files:
            hashed.update(f.name.encode() + b"\0" + f.read_bytes() + b"\0")
        version = f"{STARTER}-{STARTER_RELEASE}+{hashed.hexdigest()[:12]}"
        if wanted and wanted not in (version, STARTER_RELEASE) and not version.rpartition("+")[2].startswith(wanted):
            raise NotFoundError(f"the starter taxonomy is version {version}, not {wanted}")
        lexicon = read_lexicon(self._config)
        # The index of this very content exists only if its files passed the schema without a problem.
        passed = self._index_file(version, lexicon).exists()
        loaded = load_custom(
            folder, schemas=schemas, name=STARTER, release=STARTER_RELEASE, roles=roles, validate=not passed
        )
        for p in loaded.problems:
            _log.warning("starter taxonomy: %s", p)
        store = ConceptStore(version, loaded.skills, loaded.job_profiles)
        return self._bundle(store, lexicon, loaded.problems, loaded.language)

    def _load(self, format: str, path: Path, name: str, language: str, say: Progress) -> LoadedTaxonomy:
        if format == "esco":
            return replace(load_esco(path, language=language, progress=say), name=name)
        if format == "onet":
            return replace(load_onet(path, language=language, progress=say), name=name)
        if format == "custom":
            return load_custom(path, schemas=self._config / "schemas", name=name, language=language)
        raise InputError(f"no format {format!r}", field="format", remedy=f"use one of {', '.join(FORMATS)}")

    def _files(self) -> list[Path]:
        """Newest first."""
        if not self._folder.is_dir():
            return []
        return sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda f: (-f.stat().st_mtime_ns, f.name))

    def _index_file(self, version: str, lexicon: Lexicon) -> Path:
        key = hashlib.sha256(f"{FORMAT}:{lexicon.version}".encode()).hexdigest()[:12]
        return self._folder / f"{version}.index-{key}.npz"

    def _bundle(
        self, store: ConceptStore, lexicon: Lexicon, problems: Sequence[Problem], language: str
    ) -> TaxonomyBundle:
        skills = store.skills()
        index = self._index(store, lexicon, keep=not problems)
        retriever: Retriever | None = self._own(skills, self._folder) if self._own else None
        if self._encoder and language == ENCODED:
            retriever = EncoderRetriever(self._encoder, skills, self._folder, self._shipped)
        model = read_model(self._config, len(skills), HYBRID if retriever else LEXICAL)
        mapper = SkillMapper(skills, index, lexicon, model, language=language, retriever=retriever)
        return TaxonomyBundle(store, mapper, tuple(problems))

    @property
    def _shipped(self) -> Path:
        """Where the starter taxonomy's vectors are."""
        return self._config / "mapper"

    def _index(self, store: ConceptStore, lexicon: Lexicon, *, keep: bool) -> LexicalIndex:
        version = store.version
        file = self._index_file(version, lexicon)
        try:
            return from_bytes(file.read_bytes())
        except FileNotFoundError:
            _log.info("no index of %s yet", version)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as e:
            _log.warning("the index %s cannot be used and is built anew: %s", file.name, e)
        index = build(store.skills(), store.job_profiles(), lexicon)
        if keep:
            try:
                write_once(file, to_bytes(index))
            except OSError as e:
                _log.info("the index of %s is not kept: %s", version, e.strerror or os.strerror(e.errno or 0))
        return index


def _shipped_encoder() -> Encoder | None:
    try:
        return Encoder()
    except ConfigError as e:
        _log.warning("skills are found by words alone: %s", e.message)
        return None


def _version(file: Path) -> str:
    return file.name.removesuffix(_SUFFIX)


def _split(file: Path) -> tuple[str, str, str]:
    """(name, release, hash)."""
    front, _, hashed = _version(file).rpartition("+")
    name, _, release = front.partition("-")
    return name, release, hashed


def _matches(file: Path, wanted: str) -> bool:
    _, release, hashed = _split(file)
    return wanted in (_version(file), release, f"{release}+{hashed}") or (
        len(wanted) >= 4 and hashed.startswith(wanted)
    )
