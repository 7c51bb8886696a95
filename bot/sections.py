"""The sections of the settings that a process with chats needs: secrets, addresses, database, health, its owner."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def _http(text: str) -> str:
    """Refuse what is no address of HTTP."""
    if not re.fullmatch(r"https?://[^/\s?#]+[^\s?#]*", text):
        msg = "write it as http://host:port/path"
        raise ValueError(msg)
    return text


def _socket(text: str) -> str:
    """Refuse what is no address of a websocket."""
    if not re.fullmatch(r"wss?://[^/\s?#]+[^\s?#]*", text):
        msg = "write it as ws://host:port/path"
        raise ValueError(msg)
    return text


HttpUrl = Annotated[str, AfterValidator(_http)]
SocketUrl = Annotated[str, AfterValidator(_socket)]
LogLevel = Literal["debug", "info", "warning", "error"]

DATABASES = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg")
"""How the address of a database may begin."""
MOST_WORKERS = 64
"""More processes than this belong on several machines (own assumption)."""

MOST_SHARDS = 1_024
"""Discord splits bots larger than this one in other ways (own assumption)."""


class ConfigError(Exception):
    """A setting that cannot be used; `str(error)` names it and says what to do."""


def _database(text: str) -> str:
    """Refuse what is no address of a database that can be used."""
    kind, separator, _ = text.partition("://")
    if not separator or kind not in DATABASES:
        msg = "write it as sqlite:///folder/fathom.db or postgresql://user@host/database"
        raise ValueError(msg)
    return text


class Section(BaseModel):
    """One section of the settings: unknown keys are refused, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretSection(Section):
    """A section with a secret: written down under its name, or in a file of its own, named by the same with _file."""

    SECRET: ClassVar[str]

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if self._written() is not None and self.secret_file is not None:
            raise ValueError(f"{self.SECRET} and {self.SECRET}_file are both set: leave one of them out")
        return self

    def _written(self) -> SecretStr | None:
        written: SecretStr | None = getattr(self, self.SECRET)
        return written

    @property
    def secret_file(self) -> Path | None:
        """The file that holds the secret, None where none is named."""
        file: Path | None = getattr(self, f"{self.SECRET}_file")
        return file

    def secret(self) -> str | None:
        """Return the secret, None where none is set. It is not checked for its shape: that is for its reader to judge.

        Raises:
            ConfigError: its file cannot be read, or holds nothing.

        """
        written, file, name = self._written(), self.secret_file, self.SECRET
        if file is None:
            return (written.get_secret_value().strip() or None) if written is not None else None
        try:
            text = file.expanduser().read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise ConfigError(f"The {name} file {file} is not text in UTF-8.") from None
        except OSError as error:
            raise ConfigError(f"The {name} file {file} cannot be read: {error.strerror}.") from None
        if not text:
            raise ConfigError(f"The {name} file {file} is empty.")
        return text


class ChatSection(SecretSection):
    """A chat platform, which is served when it has a token."""

    SECRET = "token"  # noqa: S105 - the name of a key
    token: SecretStr | None = None
    token_file: Path | None = None

    def secret_token(self) -> str | None:
        """Return the token, None where none is set.

        Raises:
            ConfigError: its file cannot be read, or holds nothing.

        """
        return self.secret()


class TelegramSettings(ChatSection):
    """Telegram; base_url ends in /bot and base_file_url in /file/bot, as the library puts the token behind them."""

    base_url: HttpUrl | None = None
    base_file_url: HttpUrl | None = None


class DiscordSettings(ChatSection):
    """Discord; api_base holds the version (/api/v10), gateway is the whole address, layout how answers are built.

    shards: into how many connections the servers are split, None: as many as Discord recommends, all in one process.
    """

    api_base: HttpUrl | None = None
    gateway: SocketUrl | None = None
    shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)] | None = None
    layout: Literal["components", "embed"] = "components"


class LanguageModelSettings(SecretSection):
    """A language model of the operator's own, asked when it has a key: for messages without meaning, and for words."""

    SECRET = "api_key"  # noqa: S105 - the name of a key
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    base_url: HttpUrl = "https://api.openai.com/v1"
    model: Annotated[str, Field(min_length=1)] | None = None
    understand: bool = True
    reword: bool = True

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.model is None and (self.api_key is not None or self.api_key_file is not None):
            raise ValueError("a key is set and no model: name one with model")
        return self


class ServeSettings(Section):
    """The process that serves chats: its workers, and where its health is told. Port 0: the system chooses one."""

    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] = 2
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8020
    log_level: LogLevel = "info"
    log_file: Path | None = None


class ClusterSettings(SecretSection):
    """Workers on other machines, asked through the database; key: what the processes of one cluster share."""

    SECRET = "key"  # noqa: S105 - the name of a key
    enabled: bool = False
    key: SecretStr | None = None
    key_file: Path | None = None


class OwnerSettings(Section):
    """Whose commands about the process itself are obeyed: user ids, as the platforms number people."""

    telegram: tuple[int, ...] = ()
    discord: tuple[int, ...] = ()

    def owns(self, platform: str, user: int) -> bool:
        """Say whether this person runs the process."""
        return user in {"telegram": self.telegram, "discord": self.discord}.get(platform, ())


class AlertsSettings(Section):
    """How many alerts may be set: by one person over all chats, and by all people together to one group or server."""

    per_person: Annotated[int, Field(ge=0, le=1_000)] = 50
    per_chat: Annotated[int, Field(ge=0, le=10_000)] = 100


class StorageSettings(Section):
    """Where the settings of people and chats are kept: the address of a database, which may hold a password."""

    url: Annotated[str, AfterValidator(_database)] | None = None

    @property
    def address(self) -> str:
        """The address, by default of a file in the platform's folder for a user's data."""
        if self.url is not None:
            return self.url
        from platformdirs import user_data_path  # not needed by who only asks for help

        return f"sqlite:///{user_data_path('fathom') / 'fathom.db'}"

    @property
    def is_shared(self) -> bool:
        """Say whether other processes may serve from the same database: a file of SQLite belongs to one."""
        return self.address.startswith("postgres")


class ReportsSettings(Section):
    """How many reports that come by themselves one person and one chat may have."""

    per_person: Annotated[int, Field(ge=0, le=1_000)] = 20
    per_chat: Annotated[int, Field(ge=0, le=10_000)] = 100
