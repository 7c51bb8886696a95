"""Settings: a flag wins over the environment (FATHOM_MARKET__SOURCE), that over a TOML file, that over the default.

Every key is checked when the program starts, an unknown one is refused by name, and `config.example.toml` shows all.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bot.redaction import redacted
from bot.sections import (
    AlertsSettings,
    ClusterSettings,
    ConfigError,
    DiscordSettings,
    HttpUrl,
    LanguageModelSettings,
    OwnerSettings,
    ReportsSettings,
    Section,
    ServeSettings,
    SocketUrl,
    StorageSettings,
    TelegramSettings,
)
from engine.errors import EngineError
from engine.windows import iso, parse_instant

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["ConfigError", "Settings", "VenueSettings", "known_keys", "load_settings", "settings_file"]

SourceName = Literal["auto", "live", "recorded", "simulated"]
ThemeName = Literal["dark", "light", "colour-blind"]

CONFIG_FILE = Path("config.toml")
"""Read when it lies in the current folder and no other file is named."""
ENVIRONMENT_PREFIX = "FATHOM_"
NESTING = "__"
_VENUES = "venues"
_SECRET = frozenset({"token", "api_key", "key", "url"})
"""Keys whose values are never shown: the address of a database may hold a password."""

LONGEST_AUTO_WAIT_S = 60.0
"""Nobody waits a minute for an answer: a longer wait is a slip of the pen [s]."""
MIN_WIDTH_PX = 400
"""Narrowest picture [px]: the width at which a chat shows it in a message."""
MAX_WIDTH_PX = 4_000
"""Widest picture [px]: chats refuse to show larger ones."""

HISTORY_OFF = Path("off")
"""Instead of a folder: keep nothing. A folder of that name is ./off."""


def _moment(text: object) -> object:
    """Read a moment early, so that a wrong one is refused as a setting. TOML has moments of its own."""
    try:
        return iso(parse_instant(str(text)))
    except EngineError as error:
        raise ValueError(str(error)) from None


class MarketSettings(Section):
    """Where markets come from."""

    source: SourceName = "auto"
    recordings: Path | None = None
    at: Annotated[str, BeforeValidator(_moment)] | None = None
    simulated_seed: Annotated[int, Field(ge=0, lt=2**32)] = 7
    allow_simulated: bool = False
    auto_wait_s: Annotated[float, Field(gt=0, le=LONGEST_AUTO_WAIT_S)] = 10.0


class VenueSettings(Section):
    """One venue of the live source; base_url and ws_url replace scheme and host of its requests and of its streams."""

    enabled: bool = True
    base_url: HttpUrl | None = None
    ws_url: SocketUrl | None = None


class OffVenueSettings(VenueSettings):
    """A venue that is asked for something else, too: it becomes one of the live source when it is enabled by name."""

    enabled: bool = False


class VenuesSettings(Section):
    """The venues that the live source reads: three, and every other one of the exchange library that is named."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, VenueSettings] = Field(init=False)  # of the names beyond those below

    binanceusdm: VenueSettings = VenueSettings()
    bybit: VenueSettings = VenueSettings()
    okx: VenueSettings = VenueSettings()
    hyperliquid: OffVenueSettings = OffVenueSettings()  # whose addresses sweeping positions needs, too


class HistorySettings(Section):
    """Where what was fetched is kept."""

    path: Path | None = None

    @property
    def directory(self) -> Path | None:
        """The folder of the history store, by default in the platform's folder for a user's data; None when off."""
        if self.path == HISTORY_OFF:
            return None
        if self.path is not None:
            return self.path.expanduser()
        from platformdirs import user_data_path  # not needed by who only asks for help

        return user_data_path("fathom") / "history"


class RecordSettings(Section):
    """What is recorded without pause: by `fathom record`, and beside the chats by `fathom serve`."""

    symbols: tuple[str, ...] = ("BTC", "ETH", "SOL")
    beside_chats: bool = True


class PositionsSettings(Section):
    """Whose real positions are swept at Hyperliquid; wallets: asked first in every sweep, whatever they hold."""

    enabled: bool = True
    wallets: tuple[Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")], ...] = ()
    leaderboard: bool = True
    leaderboard_url: HttpUrl | None = None


class ChartSettings(Section):
    """How pictures look and where they are written."""

    theme: ThemeName = "dark"
    out: Path = Path("fathom-charts")
    width_px: Annotated[int, Field(ge=MIN_WIDTH_PX, le=MAX_WIDTH_PX)] = 1600


class Settings(BaseSettings):
    """Everything that can be set; made by `load_settings`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=NESTING,
        env_ignore_empty=True,
    )

    market: MarketSettings = MarketSettings()
    charts: ChartSettings = ChartSettings()
    venues: VenuesSettings = VenuesSettings()
    history: HistorySettings = HistorySettings()
    record: RecordSettings = RecordSettings()
    positions: PositionsSettings = PositionsSettings()
    telegram: TelegramSettings = TelegramSettings()
    discord: DiscordSettings = DiscordSettings()
    serve: ServeSettings = ServeSettings()
    owner: OwnerSettings = OwnerSettings()
    storage: StorageSettings = StorageSettings()
    cluster: ClusterSettings = ClusterSettings()
    reports: ReportsSettings = ReportsSettings()
    alerts: AlertsSettings = AlertsSettings()
    llm: LanguageModelSettings = LanguageModelSettings()


def load_settings(flags: Mapping[str, Mapping[str, object]] | None = None, *, config: Path | None = None) -> Settings:
    """Return the settings in force.

    flags: by section, as typed on the command line (None: not typed); config: the TOML file that was named, else
    ./config.toml is read if there is one.

    Raises:
        ConfigError: a file cannot be read, a key is unknown, or a value is not allowed.

    """
    typed = {
        section: {key: value for key, value in values.items() if value is not None}
        for section, values in (flags or {}).items()
    }
    file = settings_file(config)
    layer = _read_toml(file) if file else {}
    _refuse_unknown_variables()
    try:
        settings = _layered(typed, layer)()
    except SettingsError as error:
        raise ConfigError(f"The environment cannot be read: {error}.") from None
    except ValidationError as error:
        raise ConfigError(
            " ".join(_sentence(details, _origin(details["loc"], typed, file)) for details in error.errors())
        ) from None
    _refuse_unusable_venues(settings.venues, file)
    return settings


def settings_file(named: Path | None = None) -> Path | None:
    """Return the settings file that is read: the named one, else ./config.toml if there is one."""
    return named or (CONFIG_FILE if CONFIG_FILE.is_file() else None)


def _refuse_unusable_venues(venues: VenuesSettings, file: Path | None) -> None:
    """Refuse a venue that the exchange library does not know, and two names of one exchange."""
    if not venues.__pydantic_extra__:
        return
    from engine.sources.live.exchange_library import same_exchange, unknown_exchange  # the usual three need no look

    for name in venues.__pydantic_extra__:
        if (problem := unknown_exchange(name)) is not None:
            raise ConfigError(f"Unknown venue venues.{name}{_origin(('venues', name), {}, file)}: {problem}.")
    for names in same_exchange(name for name, venue in venues if venue.enabled):
        written = " and ".join(f"venues.{name}" for name in names)
        raise ConfigError(
            f"{written} are one exchange, whose open interest would be counted twice: "
            f"write enabled = false for all of them but one."
        )


def _layered(flags: dict[str, Any], file: dict[str, Any]) -> type[Settings]:
    """Return the settings with their layers in order: flags, environment, file; defaults fill the rest."""

    class LayeredSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return InitSettingsSource(settings_cls, flags), env_settings, InitSettingsSource(settings_cls, file)

    return LayeredSettings


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no settings file {file}. Check --config, or write one: fathom init.") from None
    except OSError as error:
        raise ConfigError(f"The settings file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The settings file {file} is not text in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The settings file {file} is not valid TOML: {error}.") from None


def _refuse_unknown_variables() -> None:
    """Refuse FATHOM_ variables of no setting by name: pydantic-settings overlooks those of no section."""
    usual = [_variable((*section.split("."), key)) for section, keys in known_keys().items() for key in keys]
    for name in os.environ:
        known = [*usual, *_variables_of_venue(name.upper())]
        if name.upper().startswith(ENVIRONMENT_PREFIX) and name.upper() not in known:
            raise ConfigError(f"Unknown setting {name} in the environment.{_hint(name.upper(), known)}")


def _variables_of_venue(name: str) -> tuple[str, ...]:
    """Return the variables of the venue that a variable names: of one beyond the usual, no section lists them."""
    section, _, rest = name.removeprefix(ENVIRONMENT_PREFIX).partition(NESTING)
    venue, _, key = rest.partition(NESTING)
    if section.lower() != _VENUES or not (venue and key):
        return ()
    return tuple(_variable((_VENUES, venue, known)) for known in VenueSettings.model_fields)


def known_keys() -> dict[str, tuple[str, ...]]:
    """Return every section's keys; a section inside another has a dotted name, as in TOML."""
    return _sections(Settings)


def _sections(model: type[BaseModel], within: str = "") -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, Section)):
            continue
        keys = tuple(key for key, value in kind.model_fields.items() if not _is_section(value.annotation))
        found |= {f"{within}{name}": keys} if keys else {}
        found |= _sections(kind, f"{within}{name}.")
    return found


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _sentence(details: ErrorDetails, origin: str) -> str:
    """Return what is wrong with one setting, where it was set, and what would do."""
    location = details["loc"]
    name = ".".join(str(part) for part in location)
    if details["type"] == "extra_forbidden":
        return f"Unknown setting {name}{origin}.{_hint(str(location[-1]), _known_beside(location))}"
    if details["type"] == "model_type":
        return f"{name}{origin} is a section: write [{name}] on a line, and its keys below."
    message = details["msg"].removeprefix("Value error, ").rstrip(".")
    if location[-1] in _SECRET or not isinstance(details["input"], str | int | float):  # a table may hold a secret
        return f"The setting {name}{origin} cannot be used: {message}."
    return f"The setting {name}{origin} cannot be {redacted(repr(details['input']))}: {message}."


def _known_beside(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the names that would do in place of the last one: the keys of its section, or the sections."""
    path = [str(part) for part in location[:-1]]
    if path[:1] == [_VENUES] and len(path) > 1:
        return tuple(VenueSettings.model_fields)
    names = [[*section.split("."), key] for section, keys in known_keys().items() for key in keys]
    return tuple(dict.fromkeys(name[len(path)] for name in names if name[: len(path)] == path))


def _hint(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {near[0]}?" if near else f" Known: {', '.join(known)}."


def _origin(location: tuple[int | str, ...], typed: Mapping[str, Mapping[str, object]], file: Path | None) -> str:
    """Return where a setting that is in force was set, in the order of the layers."""
    section, *key = (str(part) for part in location)
    if key and key[0] in typed.get(section, {}):
        return f" (--{key[0].replace('_', '-')})"
    variable = _variable(location)
    for name in os.environ:
        if name.upper() == variable or name.upper().startswith(variable + NESTING):
            return f" ({name.upper()})"
    return f" in {file}" if file else ""


def _variable(location: tuple[int | str, ...]) -> str:
    return ENVIRONMENT_PREFIX + NESTING.join(str(part).upper() for part in location)
