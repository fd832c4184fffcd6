"""Tables of the database that holds group labels and nothing else; they share nothing with the main schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ascertain.store.types import IdText, UtcDateTime


class GroupBase(DeclarativeBase):
    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"})
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy's own declarative hook)
        str: Text(),
        datetime: UtcDateTime(),
        list[Any]: JSON(),
    }


class GroupLabelRow(GroupBase):
    """A label. ``person`` is a keyed hash of the learner's id, ``sealed`` the value's ciphertext."""

    __tablename__ = "group_labels"
    person: Mapped[str] = mapped_column(IdText, primary_key=True)
    attribute: Mapped[str] = mapped_column(IdText, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    import_id: Mapped[str] = mapped_column(IdText)


class GroupImportRow(GroupBase):
    """A delivery of labels: from where, and for what."""

    __tablename__ = "group_imports"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    imported_at: Mapped[datetime]
    actor: Mapped[str]
    source: Mapped[str]
    purpose: Mapped[str]
    attributes: Mapped[list[Any]]
    labels: Mapped[int]


class GroupSettingRow(GroupBase):
    """What the database was written with: form of the tables, name of the key."""

    __tablename__ = "group_settings"
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    value: Mapped[str]
