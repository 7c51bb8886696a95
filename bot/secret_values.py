"""Which secrets the settings hold, and which files that hold them are open to others on this machine."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.config import Settings, settings_file
from bot.sections import ChatSection, ClusterSettings, ConfigError, LanguageModelSettings, SecretSection

_OTHERS = stat.S_IRGRP | stat.S_IROTH
_NAMES = (ChatSection.SECRET, LanguageModelSettings.SECRET, ClusterSettings.SECRET)


def secret_values(settings: Settings) -> tuple[str, ...]:
    """Return every secret that can be read now: tokens, keys, passwords inside addresses as written and as meant."""
    tokens = [token for section in _secret_sections(settings) if (token := _readable(section)) is not None]
    passwords = [form for text in _texts(settings.model_dump()) for form in _passwords(text)]
    return tuple(dict.fromkeys([*tokens, *passwords]))


def exposed_files(settings: Settings, config: Path | None = None) -> tuple[Path, ...]:
    """Return the files with secrets that others on this machine may read; none where files have no such permissions."""
    if os.name != "posix":
        return ()
    files = (section.secret_file for section in _secret_sections(settings))
    named = [file.expanduser() for file in files if file is not None]
    file = settings_file(config)
    if file is not None and _holds_secrets(file):
        named.append(file)
    return tuple(path for path in named if path.is_file() and path.stat().st_mode & _OTHERS)


def _secret_sections(settings: Settings) -> Iterator[SecretSection]:
    for _, section in settings:
        if isinstance(section, SecretSection):
            yield section


def _readable(section: SecretSection) -> str | None:
    try:
        return section.secret()
    except ConfigError:
        return None  # who needs it says so


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _passwords(text: str) -> tuple[str, ...]:
    if "://" not in text or "@" not in text:
        return ()
    password = urlsplit(text).password
    return () if password is None else (password, unquote(password))


def _holds_secrets(file: Path) -> bool:
    try:
        sections = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # the settings were read before; who reads them says what is wrong
    has_secret = any(isinstance(keys, dict) and not keys.keys().isdisjoint(_NAMES) for keys in sections.values())
    return has_secret or any(_passwords(text) for text in _texts(sections))
