"""Whether the chat platforms take their tokens. No sentence and no fact holds one."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass

from bot.checks import Check, Fact
from bot.config import Settings
from bot.redaction import redacted
from bot.sections import ChatSection, ConfigError

TELEGRAM_URL = "https://api.telegram.org/bot"
DISCORD_URL = "https://discord.com/api/v10"
ANSWER_WAIT_S = 8.0
"""A platform that needs longer to say who the bot is is not there (own assumption)."""
_AGENT = "DiscordBot (https://pypi.org/project/fathom-liq, 0)"
"""Discord refuses clients that do not name themselves like this: discord.com/developers/docs/reference#user-agent."""
_REFUSALS = frozenset({401, 403, 404})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Who the bot is, as one platform is asked."""

    platform: str
    title: str
    url: str
    headers: Mapping[str, str]
    where_tokens_come_from: str


async def check_chats(settings: Settings) -> tuple[Check, ...]:
    """Return a check of each platform: whether a token is set, and whether the platform takes it."""
    return tuple(await asyncio.gather(_telegram(settings), _discord(settings)))


async def _telegram(settings: Settings) -> Check:
    token = _token("telegram", settings.telegram)
    if isinstance(token, Check):
        return token
    question = _Question(
        platform="telegram",
        title="Telegram",
        url=f"{settings.telegram.base_url or TELEGRAM_URL}{token}/getMe",
        headers={},
        where_tokens_come_from="@BotFather",
    )
    found = await _asked(question)
    if isinstance(found, Check):
        return found
    bot = found.get("result")
    name = bot.get("username") if isinstance(bot, Mapping) else None
    reads_all = isinstance(bot, Mapping) and bot.get("can_read_all_group_messages") is True
    return Check(
        name="telegram",
        status="warn" if reads_all else "ok",
        sentence=f"Telegram takes the token of @{name}{', which reads all that groups write' if reads_all else ''}.",
        advice="It needs not: send /setprivacy to @BotFather and choose Enable." if reads_all else None,
        facts=(Fact("bot", str(name)), Fact("reads_all_group_messages", reads_all)),
    )


async def _discord(settings: Settings) -> Check:
    token = _token("discord", settings.discord)
    if isinstance(token, Check):
        return token
    question = _Question(
        platform="discord",
        title="Discord",
        url=f"{(settings.discord.api_base or DISCORD_URL).rstrip('/')}/users/@me",
        headers={"Authorization": f"Bot {token}", "User-Agent": _AGENT},
        where_tokens_come_from="the developer portal, under Bot",
    )
    found = await _asked(question)
    if isinstance(found, Check):
        return found
    name = str(found.get("username"))
    return Check(
        name="discord", status="ok", sentence=f"Discord takes the token of {name}.", facts=(Fact("bot", name),)
    )


def _token(name: str, section: ChatSection) -> str | Check:
    """Return the token, or the check that says why there is none."""
    try:
        token = section.secret_token()
    except ConfigError as error:
        return Check(name=name, status="fail", sentence=str(error), advice=f"Mend [{name}] token_file.")
    if token is None:
        return Check(name=name, status="off", sentence=f"No token is set, so {name.capitalize()} is not served.")
    redacted.learn([token])
    if importlib.util.find_spec("aiohttp") is None:
        sentence = f"A token is set, but {name.capitalize()} was not asked: aiohttp is not installed."
        return Check(name=name, status="warn", sentence=sentence, advice="pip install 'fathom-liq[serve]'")
    return token


async def _asked(question: _Question) -> Mapping[str, object] | Check:
    """Return what the platform tells of the bot, or the check that says why it told nothing."""
    import aiohttp

    cause = "did not answer in time"
    try:
        timeout = aiohttp.ClientTimeout(total=ANSWER_WAIT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(question.url, headers=question.headers) as response,
        ):
            if response.status in _REFUSALS:
                return _refused(question)
            told = await response.json(content_type=None) if response.ok else None
            if isinstance(told, dict):
                return told
            cause = f"answered with an error ({response.status})"
    except TimeoutError:
        pass
    except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: no JSON, or a token that no header takes
        cause = f"cannot be reached ({type(error).__name__})"
    return Check(
        name=question.platform,
        status="fail",
        sentence=f"{question.title} {cause}.",
        advice="Check the network, and the addresses under " + f"[{question.platform}].",
        facts=(Fact("answers", value=False),),
    )


def _refused(question: _Question) -> Check:
    return Check(
        name=question.platform,
        status="fail",
        sentence=f"{question.title} refuses the token.",
        advice=f"Get a new one from {question.where_tokens_come_from}.",
        facts=(Fact("answers", value=True),),
    )
