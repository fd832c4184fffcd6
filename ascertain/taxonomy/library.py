"""The taxonomies at hand: importing releases, opening them with their mapper.

Files of the folder, none ever changed after it was written::

    <name>-<release>+<hash>.taxonomy.json   content; the hash is of these bytes
    <version>.names-<language>.json         names in a further language; their hash stands in the content
    <version>.index-<hash>.npz              search index; the hash is of engine format and lexicon; rebuilt if lost
    <version>.adapted-<hash>.json           coefficients of its own (``taxonomy adapt``); the hash is of these bytes
    vectors-<encoder>-skills-<hash>.npy     vectors of skills by content, shared by all taxonomies; rebuilt if lost
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from ascertain.domain.crosswalks import StoredCrosswalk
from ascertain.domain.overlays import Moves, Overlay
from ascertain.errors import ConfigError, InputError, IntegrityError, NotFoundError
from ascertain.taxonomy.adapted import made_for, read_adapted
from ascertain.taxonomy.artefacts import decode, encode, write_once
from ascertain.taxonomy.concepts import ConceptStore, overlaid
from ascertain.taxonomy.denying import Denied, denied_ids, read_denied, without_denied
from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.formats.custom import load_custom
from ascertain.taxonomy.formats.esco import load_esco
from ascertain.taxonomy.formats.onet import load_onet
from ascertain.taxonomy.index import build, to_bytes
from ascertain.taxonomy.indexfiles import IndexFiles
from ascertain.taxonomy.lexicon import Lexicon, read_lexicon
from ascertain.taxonomy.loaded import LoadedTaxonomy, Problem, Progress
from ascertain.taxonomy.mapper import SkillMapper
from ascertain.taxonomy.model import HYBRID, LEXICAL, read_model
from ascertain.taxonomy.polyglot import OtherLanguage, PolyglotMapper
from ascertain.taxonomy.retrieval import ENCODED, EncoderRetriever, OwnRetrieval, Retriever, target_vectors
from ascertain.taxonomy.translations import (
    check_languages,
    digest,
    digests_of,
    encode_names,
    led,
    meta_of,
    read_names,
    translated,
)
from ascertain.taxonomy.versions import SUFFIX, Imported, imported, matches, split, version_of

STARTER = "starter"
STARTER_RELEASE = "1"
FORMATS = ("esco", "onet", "custom")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_RELEASE = re.compile(r"[\w.]{1,40}", re.A)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``skills`` and ``job_profiles`` are counts; ``denied`` is what can never be a skill."""

    name: str
    version: str
    skills: int
    job_profiles: int
    problems: tuple[Problem, ...]
    seconds: float
    denied: tuple[Denied, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxonomyBundle:
    """An open taxonomy with its mapper. ``problems`` of the starter taxonomy; empty for an imported one."""

    taxonomy: ConceptStore
    mapper: PolyglotMapper
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
        adapted: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """``encoder`` in place of the shipped one; ``words_only`` does without any; ``own`` finds skills by meaning
        in another way (see ``langchain``); not ``adapted`` opens them with the shipped coefficients, whatever
        ``taxonomy adapt`` found; ``progress`` hears of vectors made when a taxonomy is first searched."""
        self._progress = progress
        self._folder = folder
        self._config = config_dir
        self._indexes = IndexFiles(folder)
        self._own = own
        self._adapted = adapted
        self._encoder = None if words_only or own else encoder or _shipped_encoder()

    def import_taxonomy(
        self,
        format: str,
        path: Path,
        *,
        name: str | None = None,
        language: str = "en",
        more: Sequence[str] = (),
        release: str | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Read a release, index it and keep both. Importing the same content again changes nothing but makes it
        the newest.

        Args:
            format: ``esco``, ``onet`` or ``custom``.
            name: what to open it by; the format's name by default.
            language: of labels and definitions, ISO 639-1.
            more: further languages whose names are kept too (ESCO alone has any).
            release: what to call the release, in place of what its files say.

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
        check_languages(format, language, more)
        if release is not None and not _RELEASE.fullmatch(release):
            raise InputError(
                f"{release!r} cannot name a release",
                field="release",
                remedy="use digits, letters, . and _, as in 1.2.1",
            )
        loaded = self._load(format, path, name, language, more, say)
        loaded, denied = without_denied(replace(loaded, release=release or loaded.release), read_denied(self._config))
        names = {code: encode_names(loaded.names[code]) for code in sorted(more)}
        meta = {"name": name, "release": loaded.release, "language": language}
        meta |= meta_of({code: digest(raw_) for code, raw_ in names.items()})
        raw = encode(loaded.skills, loaded.job_profiles, meta)
        version = f"{name}-{loaded.release}+{hashlib.sha256(raw).hexdigest()[:12]}"
        file = self._folder / f"{version}{SUFFIX}"
        lexicon = read_lexicon(self._config, language)
        store = ConceptStore(version, loaded.skills, loaded.job_profiles)
        index = build(store.skills(), store.job_profiles(), lexicon, lambda s, d, t: say("index", d, t))
        if self._encoder and language == ENCODED:
            target_vectors(self._encoder, store.skills(), self._folder, self._shipped, progress=say)
        try:
            for code, raw_names in names.items():
                write_once(self._names_file(version, code), raw_names)
                words = read_lexicon(self._config, code)
                index_ = build(translated(store.skills(), loaded.names[code]), store.job_profiles(), words)
                write_once(self._indexes.file(version, words), to_bytes(index_))
            write_once(self._indexes.file(version, lexicon), to_bytes(index))
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
            denied,
        )

    def names(self) -> list[str]:
        """Names that can be opened, ``starter`` first."""
        return [STARTER, *sorted({split(f)[0] for f in self._files()})]

    def versions(self, name: str) -> list[str]:
        """Version strings of an imported taxonomy, the newest import first."""
        return [version_of(f) for f in self._files() if split(f)[0] == name]

    def imports(self) -> list[Imported]:
        """All imported taxonomies by name, the newest import of each first."""
        return [imported(f) for f in sorted(self._files(), key=lambda f: split(f)[0])]

    def open(self, name: str, overlay: Overlay | None = None, walks: Sequence[StoredCrosswalk] = ()) -> TaxonomyBundle:
        """Open a taxonomy by ``name`` (its newest import) or ``name@version``, under changes that lie on it, ``walks``
        being the crosswalks among them.

        ``version`` may be the whole version string, its release, or the beginning of its hash.

        Raises:
            NotFoundError: when there is none, naming those there are.
            IntegrityError: when a file is not what its name says.
            InputError: when a change does not fit this release, naming it.
        """
        base, _, wanted = name.partition("@")
        if base == STARTER:
            return self._open_starter(wanted, overlay, walks)
        files = [f for f in self._files() if split(f)[0] == base]
        if wanted:
            files = [f for f in files if matches(f, wanted)]
        if not files:
            there = [STARTER, *(f"{n}@{v.partition('-')[2]}" for n in self.names()[1:] for v in self.versions(n))]
            raise NotFoundError(
                f"there is no taxonomy {name!r}",
                remedy=f"use one of {', '.join(there)}, or import it: ascertain taxonomy import",
            )
        version = version_of(files[0])
        raw = files[0].read_bytes()
        if hashlib.sha256(raw).hexdigest()[:12] != version.rpartition("+")[2]:
            raise IntegrityError(
                f"{files[0].name} is not what its name says", remedy="delete the file and import the taxonomy again"
            )
        skills, profiles, meta = decode(raw)
        lexicon = read_lexicon(self._config, meta["language"])
        store = ConceptStore(version, skills, profiles)
        return self._bundle(store, lexicon, (), meta["language"], digests_of(meta), overlay, walks)

    def _open_starter(self, wanted: str, overlay: Overlay | None, walks: Sequence[StoredCrosswalk]) -> TaxonomyBundle:
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
        passed = self._indexes.file(version, lexicon).exists()
        loaded = _starter(version, folder, roles, schemas, validate=not passed)
        for p in loaded.problems:
            _log.warning("starter taxonomy: %s", p)
        store = ConceptStore(version, loaded.skills, loaded.job_profiles)
        return self._bundle(store, lexicon, loaded.problems, loaded.language, overlay=overlay, walks=walks)

    def _load(
        self, format: str, path: Path, name: str, language: str, more: Sequence[str], say: Progress
    ) -> LoadedTaxonomy:
        if format == "esco":
            return replace(load_esco(path, language=language, more=more, progress=say), name=name)
        if format == "onet":
            return replace(load_onet(path, language=language, progress=say), name=name)
        if format == "custom":
            return load_custom(path, schemas=self._config / "schemas", name=name, language=language)
        raise InputError(f"no format {format!r}", field="format", remedy=f"use one of {', '.join(FORMATS)}")

    def _files(self) -> list[Path]:
        """Newest first."""
        if not self._folder.is_dir():
            return []
        return sorted(self._folder.glob(f"*{SUFFIX}"), key=lambda f: (-f.stat().st_mtime_ns, f.name))

    def _names_file(self, version: str, language: str) -> Path:
        return self._folder / f"{version}.names-{language}.json"

    def _bundle(
        self,
        store: ConceptStore,
        lexicon: Lexicon,
        problems: Sequence[Problem],
        language: str,
        names: Mapping[str, str] | None = None,
        overlay: Overlay | None = None,
        walks: Sequence[StoredCrosswalk] = (),
    ) -> TaxonomyBundle:
        release, moves = store, overlay.moves if overlay else {}
        if overlay is not None and overlay.changes:
            denied = denied_ids(overlay.over(store.skills()), read_denied(self._config)) if walks else frozenset()
            store = overlaid(store, overlay, walks, denied)
        skills = store.skills()
        index = self._indexes.of(store, lexicon, keep=not problems)
        retriever: Retriever | None = self._own(skills, self._folder) if self._own else None
        encoder = self._encoder if language == ENCODED else None
        model = read_model(self._config, len(skills), HYBRID if retriever or encoder else LEXICAL)
        basis = made_for(model, lexicon.version, encoder.version if encoder else None)
        adapted = None
        if self._adapted and not self._own and (adapted := read_adapted(self._folder, release.version, basis)):
            model = adapted.applied(model)
        if encoder:
            share = adapted.definition_share if adapted else 0.0
            retriever = EncoderRetriever(
                encoder, skills, self._folder, self._shipped, definition_share=share, progress=self._progress
            )
        own = SkillMapper(skills, index, lexicon, model, language=language, retriever=retriever)
        others = {
            code: self._other_language(store, release.version, code, wanted, moves)
            for code, wanted in (names or {}).items()
        }
        mapper = PolyglotMapper(
            own,
            lambda code: read_lexicon(self._config, code),
            others,
            {s.id: s.label for s in skills},
            denied_ids(skills, read_denied(self._config)),
        )
        return TaxonomyBundle(store, mapper, tuple(problems))

    def _other_language(
        self, store: ConceptStore, release: str, language: str, wanted: str, moves: Moves
    ) -> OtherLanguage:
        lexicon = read_lexicon(self._config, language)

        @cache
        def engine() -> SkillMapper:
            names = led(read_names(self._names_file(release, language), wanted), moves)
            skills = translated(store.skills(), names)
            index = self._indexes.of(ConceptStore(store.version, skills, store.job_profiles), lexicon, keep=True)
            retriever = self._own(skills, self._folder) if self._own else None
            if retriever and not retriever.reads(language):
                retriever = None
            model = read_model(self._config, len(skills), HYBRID if retriever else LEXICAL)
            return SkillMapper(skills, index, lexicon, model, language=language, retriever=retriever)

        return OtherLanguage(engine, lexicon.version)

    @property
    def _shipped(self) -> Path:
        """Where the starter taxonomy's vectors are."""
        return self._config / "mapper"


@lru_cache(maxsize=4)
def _starter(version: str, folder: Path, roles: Path, schemas: Path, *, validate: bool) -> LoadedTaxonomy:
    """``version`` is made of the content, so a process that opens several homes reads the same files once."""
    return load_custom(folder, schemas=schemas, name=STARTER, release=STARTER_RELEASE, roles=roles, validate=validate)


def _shipped_encoder() -> Encoder | None:
    try:
        return Encoder()
    except ConfigError as e:
        _log.warning("skills are found by words alone: %s", e.message)
        return None
