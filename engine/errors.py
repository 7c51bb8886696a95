"""What can go wrong in the engine. Each error holds its facts and composes one clear sentence with what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class EngineError(Exception):
    """Base of every error that the engine raises on purpose; `str(error)` is a sentence for the user."""

    def __reduce__(self) -> tuple[Callable[..., EngineError], tuple[object, ...]]:
        """Travel between processes with sentence and fields, whatever arguments the error was made with."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[EngineError], sentence: tuple[object, ...], fields: dict[str, object]) -> EngineError:
    error = kind.__new__(kind)
    error.args = sentence
    error.__dict__.update(fields)
    return error


class DataUnavailableError(EngineError):
    """The data is not there now; another time, place or venue may have it."""


class ModelUnavailableError(DataUnavailableError):
    """The inputs that a model needs for a symbol are not there; `reason` says why where there is more to say."""

    def __init__(
        self, model: str, inputs: str, symbol: str, *, reason: str = "", advice: str = "Ask for another model."
    ) -> None:
        self.model = model
        self.inputs = inputs
        self.symbol = symbol
        self.reason = reason or f"no venue gives all of that for {symbol}"
        super().__init__(f"{model} needs {inputs}, and {self.reason}. {advice}")


class NoSweptHistoryError(EngineError):
    """A model that shows one moment was asked what price swept out of it in the past; `walked` are those that know."""

    def __init__(self, model: str, walked: Sequence[str]) -> None:
        self.model = model
        self.walked = tuple(walked)
        super().__init__(
            f"{model} shows positions of one moment, so it has no history that price could have swept. "
            f"Ask for {', '.join(self.walked[:-1])} or {self.walked[-1]}."
        )


class DataMalformedError(EngineError):
    """The data is there and cannot be trusted.

    `where` names the file or feed, `problem` says what is wrong with it, `advice` what to do.
    """

    def __init__(self, where: str, problem: str, advice: str) -> None:
        self.where = where
        self.problem = problem
        self.advice = advice
        super().__init__(f"{where}: {problem}. {advice}")


class NotEnoughDataError(EngineError):
    """The history is too short for an honest answer."""

    def __init__(self, what: str, *, need: str, have: str) -> None:
        self.what = what
        self.need = need
        self.have = have
        super().__init__(f"Not enough data for {what}: it needs {need}, and there is {have}.")


class UnknownNameError(EngineError):
    """A symbol, model, window or venue that nobody knows; `suggestions` are the nearest known ones."""

    kind = "name"

    def __init__(self, name: str, suggestions: Sequence[str] = (), known: Sequence[str] = ()) -> None:
        self.name = name
        self.suggestions = tuple(suggestions)
        self.known = tuple(known)
        hint = ""
        if self.suggestions:
            hint = f" Did you mean {' or '.join(self.suggestions)}?"
        elif self.known:
            hint = f" Known: {', '.join(self.known)}."
        super().__init__(f"There is no {self.kind} “{name}”.{hint}")


class UnknownSymbolError(UnknownNameError):
    """No source knows this symbol."""

    kind = "symbol"


class UnknownModelError(UnknownNameError):
    """No model has this name."""

    kind = "model"


class UnknownWindowError(UnknownNameError):
    """No window has this name."""

    kind = "window"


class UnknownVenueError(UnknownNameError):
    """No margin rule is known for this venue."""

    kind = "venue"


class PriceOutsideMapError(EngineError):
    """A price that the map does not reach."""

    def __init__(self, price: float, *, low: float, high: float, text: str) -> None:
        self.price = price
        self.low = low
        self.high = high
        super().__init__(text)
