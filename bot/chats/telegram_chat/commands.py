"""The commands that Telegram lists as one types a slash, by language; written only where they changed."""

from __future__ import annotations

import logging

from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.error import TelegramError

Scope = BotCommandScopeAllPrivateChats | BotCommandScopeAllGroupChats

LANGUAGES = ("", "de", "es", "ru")
"""The first for everybody whose language is not listed."""

COMMANDS: dict[str, tuple[str, str, str, str]] = {
    "liq": (
        "Liquidation map and reading: /liq BTC",
        "Liquidationskarte mit Deutung: /liq BTC",
        "Mapa de liquidaciones y lectura: /liq BTC",
        "Карта ликвидаций и разбор: /liq BTC",
    ),
    "level": (
        "What stands at a price: /level BTC 68.5k",
        "Was an einem Preis liegt: /level BTC 68.5k",
        "Qué hay en un precio: /level BTC 68.5k",
        "Что стоит у цены: /level BTC 68.5k",
    ),
    "ask": (
        "A question in your own words (English)",
        "Eine Frage in eigenen Worten (Englisch)",
        "Una pregunta con tus palabras (en inglés)",
        "Вопрос своими словами (на английском)",
    ),
    "maps": (
        "Four maps side by side: /maps BTC",
        "Vier Karten nebeneinander: /maps BTC",
        "Cuatro mapas lado a lado: /maps BTC",
        "Четыре карты рядом: /maps BTC",
    ),
    "zones": (
        "Every zone, its score taken apart: /zones BTC",
        "Jede Zone mit zerlegter Wertung: /zones BTC",
        "Cada zona con su puntuación desglosada: /zones BTC",
        "Все зоны с разбором оценки: /zones BTC",
    ),
    "questions": (
        "The better questions, answered: /questions BTC",
        "Die besseren Fragen, beantwortet: /questions BTC",
        "Las mejores preguntas, respondidas: /questions BTC",
        "Правильные вопросы и ответы: /questions BTC",
    ),
    "models": (
        "What each model assumes",
        "Was jedes Modell annimmt",
        "Qué supone cada modelo",
        "Что предполагает каждая модель",
    ),
    "track": (
        "How past zones turned out",
        "Was aus früheren Zonen wurde",
        "Qué pasó con las zonas anteriores",
        "Как отработали прошлые зоны",
    ),
    "report": (
        "Reports that come by themselves",
        "Berichte, die von selbst kommen",
        "Informes que llegan solos",
        "Отчёты, которые приходят сами",
    ),
    "alert": (
        "Be told when it happens: /alert BTC 68500",
        "Bescheid, wenn es so weit ist: /alert BTC 68500",
        "Aviso cuando ocurra: /alert BTC 68500",
        "Сообщить, когда случится: /alert BTC 68500",
    ),
    "settings": (
        "Your symbol, window, model and look",
        "Symbol, Zeitraum, Modell und Aussehen",
        "Tu símbolo, ventana, modelo y aspecto",
        "Символ, окно, модель и вид",
    ),
    "about": ("What Fathom is", "Was Fathom ist", "Qué es Fathom", "Что такое Fathom"),
    "privacy": (
        "What is stored about you",
        "Was über Sie gespeichert wird",
        "Qué datos tuyos se guardan",
        "Что о вас хранится",
    ),
    "forget_me": (
        "Delete what is stored about you",
        "Löschen, was über Sie gespeichert ist",
        "Borrar lo que se guarda de ti",
        "Удалить всё, что о вас хранится",
    ),
    "help": ("What can be asked", "Was gefragt werden kann", "Qué se puede preguntar", "Что можно спросить"),
}
"""Each command and what it is for, in the languages' order."""
PRIVATE_ONLY = frozenset({"privacy", "forget_me"})
"""What concerns one person is not offered to a group; it works there all the same."""

_log = logging.getLogger(__name__)


def commands_of(scope: Scope, language: str) -> tuple[BotCommand, ...]:
    """Return the list for one kind of chat and one language."""
    place = LANGUAGES.index(language)
    is_group = isinstance(scope, BotCommandScopeAllGroupChats)
    return tuple(
        BotCommand(name, meanings[place])
        for name, meanings in COMMANDS.items()
        if not (is_group and name in PRIVATE_ONLY)
    )


async def list_commands(bot: Bot) -> None:
    """Bring Telegram's lists up to date; where that fails the commands work without being listed."""
    for scope in (BotCommandScopeAllPrivateChats(), BotCommandScopeAllGroupChats()):
        for language in LANGUAGES:
            wanted = commands_of(scope, language)
            try:
                if await bot.get_my_commands(scope, language or None) != wanted:
                    await bot.set_my_commands(wanted, scope, language or None)
            except TelegramError as error:
                _log.warning("Telegram did not take the list of commands: %s", error.message)
                return
