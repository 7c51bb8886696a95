"""Tokens and passwords: where they may come from, who may read them, and that nothing that is written holds one."""

import io
import json
import logging
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import run
from bot.config import ConfigError, load_settings
from bot.faults import fault_of
from bot.redaction import STANDS_FOR, RedactedFormatter, RedactedStream, Redactor, guarded_output
from bot.secret_values import exposed_files, secret_values
from engine.errors import DataUnavailableError

TOKEN = "Mz.made-up:token/with+every\"kind\\of'sign"  # noqa: S105 - opens nothing
TELEGRAM_TOKEN = "1234567890:" + "AAmadeUpTokenThatOpensNothing-_0123"

pytestmark = pytest.mark.usefixtures("plain_home")


def written(text: str, name: str = "config.toml", mode: int = 0o600) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


# --- where they come from --------------------------------------------------------------------------------------------


def test_a_token_comes_from_the_environment_a_file_of_its_own_or_the_settings(monkeypatch):
    written("[telegram]\ntoken = 'of the file'\n[discord]\ntoken_file = 'discord.token'")
    written(" of its own\n", "discord.token")
    assert load_settings().telegram.secret_token() == "of the file"
    assert load_settings().discord.secret_token() == "of its own"
    monkeypatch.setenv("FATHOM_TELEGRAM__TOKEN", "12345678")
    assert load_settings().telegram.secret_token() == "12345678"
    assert load_settings().discord.layout == "components"


def test_the_key_of_a_language_model_is_a_secret_like_a_token(monkeypatch):
    settings = "[llm]\nmodel = 'a-model'\napi_key = 'hush-hush-1'"
    written(settings, mode=0o644)
    assert secret_values(load_settings()) == ("hush-hush-1",)
    assert exposed_files(load_settings()) == (Path("config.toml"),)
    monkeypatch.setenv("FATHOM_LLM__API_KEY_FILE", "hush-hush-2")
    with pytest.raises(ConfigError, match=r"llm.*api_key and api_key_file are both set") as refusal:
        load_settings()
    assert "hush" not in str(refusal.value)
    written("[llm]\napi_key = ['hush-hush-1']")
    monkeypatch.delenv("FATHOM_LLM__API_KEY_FILE")
    with pytest.raises(ConfigError, match=r"llm\.api_key") as refusal:
        load_settings()
    assert "hush" not in str(refusal.value)


def test_a_token_of_any_shape_is_taken_and_an_empty_one_is_none():
    written("[telegram]\ntoken = ' ü:/ '\n[discord]\ntoken = ' '")
    assert load_settings().telegram.secret_token() == "ü:/"
    assert load_settings().discord.secret_token() is None


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff", "UTF-8")])
def test_a_token_file_without_a_token_is_refused_by_name(content, words):
    if content is not None:
        Path("here").write_bytes(content)
    written("[discord]\ntoken_file = 'here'")
    with pytest.raises(ConfigError, match=f"token file here .*{words}"):
        load_settings().discord.secret_token()


def test_two_tokens_for_one_platform_are_refused_without_showing_either(monkeypatch):
    written("[telegram]\ntoken = 'hush-hush-1'")
    monkeypatch.setenv("FATHOM_TELEGRAM__TOKEN_FILE", "hush-hush-2")
    with pytest.raises(ConfigError, match=r"telegram.*token and token_file are both set") as refusal:
        load_settings()
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "[telegram]\ntoken = 91919191",
        "[telegram]\ntoken = ['91919191']",
        "[telegram]\ntoken = '91919191'\nbase_url = 3",
        "[venues.okx]\nbase_url = 'ftp://me:91919191@host'",
        "telegram = '91919191'",
    ],
)
def test_a_wrong_setting_is_refused_without_its_secret(text):
    written(text)
    with pytest.raises(ConfigError) as refusal:
        load_settings()
    assert "91919191" not in str(refusal.value)


def test_settings_show_no_secret_when_they_are_printed():
    written(f"[telegram]\ntoken = '{TELEGRAM_TOKEN}'")
    assert TELEGRAM_TOKEN not in repr(load_settings()) + str(load_settings().model_dump())


def test_the_secrets_of_the_settings_are_tokens_and_passwords_inside_addresses():
    written(
        "[telegram]\ntoken = 'one'\n[discord]\ntoken_file = 'absent'\n"
        "[venues.okx]\nbase_url = 'https://me:p%40ss@proxy/okx'\n[venues.bybit]\nbase_url = 'https://proxy/a@b'"
    )
    assert secret_values(load_settings()) == ("one", "p%40ss", "p@ss")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no permissions of this kind")
def test_files_with_secrets_that_others_may_read_are_told():
    config = written("[telegram]\ntoken_file = 'a'\n[discord]\ntoken_file = 'b'", mode=0o644)
    closed, open_ = written("x", "a", 0o600), written("x", "b", 0o640)
    assert exposed_files(load_settings()) == (open_,)
    config.write_text(f"[telegram]\ntoken_file = '{closed}'\n[discord]\ntoken = 'x'")
    assert exposed_files(load_settings()) == (config,)
    config.chmod(0o600)
    assert exposed_files(load_settings()) == ()
    other = written("[venues.okx]\nbase_url = 'https://me:word@proxy'", "other.toml", 0o604)
    assert exposed_files(load_settings(config=other), other) == (other,)


# --- what is never written -------------------------------------------------------------------------------------------


@pytest.fixture
def knowing():
    redact = Redactor()
    redact.learn([TOKEN])
    return redact


@pytest.mark.parametrize("wrap", [str, repr, json.dumps, lambda text: f"https://host/bot{text}/getMe"])
def test_a_secret_is_found_however_it_was_written_down(knowing, wrap):
    assert STANDS_FOR in knowing(wrap(TOKEN))
    assert "made-up" not in knowing(wrap(TOKEN))


def test_a_secret_is_found_in_an_address_where_its_signs_are_escaped(knowing):
    assert knowing("GET /q?key=Mz.made-up%3Atoken%2Fwith%2Bevery%22kind%5Cof%27sign!") == f"GET /q?key={STANDS_FOR}!"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/getMe", f"https://api.telegram.org/bot{STANDS_FOR}/getMe"),
        ("postgresql://ann:pass@db/fathom", f"postgresql://ann:{STANDS_FOR}@db/fathom"),
        ("BTC 2026-03-14T23:55:00Z 70,412:30", "BTC 2026-03-14T23:55:00Z 70,412:30"),
        ("see http://localhost:8020/healthz of ann@host", "see http://localhost:8020/healthz of ann@host"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_and_nothing_else(text, left):
    assert Redactor()(text) == left


@given(secret=st.text(min_size=6), around=st.text())
def test_no_text_holds_a_secret_that_is_known(secret, around):
    redact = Redactor()
    redact.learn([secret])
    for text in (around + secret + around, json.dumps({"a": around + secret})):
        left = redact(text).replace(STANDS_FOR, "")
        assert secret not in left or secret in (around + around)


def test_of_two_secrets_where_one_begins_the_other_nothing_is_left():
    redact = Redactor()
    redact.learn(["secret", "secret-longer"])
    assert redact("a secret-longer b") == f"a {STANDS_FOR} b"


def test_a_traceback_in_the_log_holds_no_secret():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(RedactedFormatter(logging.Formatter("%(levelname)s %(message)s")))
    error = ConnectionError(f"cannot reach https://host/bot{TELEGRAM_TOKEN}/getMe")
    log = logging.getLogger("other.package")
    log.addHandler(handler)
    try:
        log.error("request to %s failed", f"/bot{TELEGRAM_TOKEN}/", exc_info=error)
    finally:
        log.removeHandler(handler)
    assert "ERROR" in out.getvalue()
    assert "ConnectionError: cannot reach" in out.getvalue()
    assert TELEGRAM_TOKEN not in out.getvalue()


def test_a_reply_to_an_error_holds_no_secret():
    error = DataUnavailableError(f"GET https://host/bot{TELEGRAM_TOKEN}/ failed")
    assert fault_of(error).text == f"GET https://host/bot{STANDS_FOR}/ failed"
    assert TELEGRAM_TOKEN not in fault_of(OSError(2, f"no {TELEGRAM_TOKEN}", "x")).text


def test_a_console_gets_no_secret():
    out = io.StringIO()
    print("token", TELEGRAM_TOKEN, file=RedactedStream(out))
    assert out.getvalue() == f"token {STANDS_FOR}\n"


def test_a_command_that_fails_complains_without_the_secret(capsys):
    assert run(["ask", "/liq BTC", "--config", f"bot{TELEGRAM_TOKEN}.toml"]) == 2
    told = capsys.readouterr().err
    assert STANDS_FOR in told
    assert TELEGRAM_TOKEN not in told


# --- a whole process -------------------------------------------------------------------------------------------------

LEAKY = """
import logging, sys, threading, warnings
from pathlib import Path
from bot.log import log_as_json, request_begun
from bot.redaction import guarded_output, redacted
secret, file = sys.argv[1], sys.argv[2]
redacted.learn([secret])
def fail():
    raise RuntimeError(f"thread holds {secret}")
class Dying:
    def __del__(self):
        raise RuntimeError(f"nobody sees {secret}")
with guarded_output():
    log_as_json("info", Path(file) if file else None)
    logging.getLogger("httpx").info("HTTP Request: POST https://host/bot%s/getMe", secret)
    logging.getLogger("httpx").warning("HTTP Request: POST https://host/bot%s/getMe", secret)
    with request_begun() as request:
        logging.getLogger("discord.gateway").error("closed: %r", {"token": secret}, extra={"place": secret})
    logging.getLogger("broken").error("%d", secret)
    warnings.warn(f"warned of {secret}")
    thread = threading.Thread(target=fail); thread.start(); thread.join()
    Dying()
    print("said", secret); print("complained", secret, file=sys.stderr)
    sys.excepthook(*(lambda error: (type(error), error, error.__traceback__))(ValueError(secret)))
"""


@pytest.mark.parametrize("to_file", [False, True])
def test_nothing_that_a_process_writes_holds_a_secret(to_file):
    file = "here/fathom.log" if to_file else ""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LEAKY), TOKEN, file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    log = Path(file).read_text(encoding="utf-8") if to_file else done.stderr
    everything = done.stdout + done.stderr + log
    assert "made-up" not in everything
    assert f"said {STANDS_FOR}" in done.stdout
    assert f"complained {STANDS_FOR}" in done.stderr
    records = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    loggers = [record["logger"] for record in records]
    assert loggers == ["httpx", "discord.gateway", "py.warnings", *["bot.redaction"] * 3]
    assert records[0] | {"time": ""} == {
        "time": "",
        "level": "WARNING",
        "logger": "httpx",
        "message": f"HTTP Request: POST https://host/bot{STANDS_FOR}/getMe",
    }
    assert len(records[1]["request"]) == 8
    assert "request" not in records[2]
    assert "Traceback" in records[3]["trace"]  # of the thread
    assert records[5]["trace"] == f"ValueError: {STANDS_FOR}"


def test_the_guard_leaves_everything_as_it_was():
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, sys.stdout, sys.stderr
    with guarded_output():
        assert sys.stdout is not before[3]
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook, sys.stdout, sys.stderr) == before
