"""A language model that answers what a test tells it to, and remembers what it was asked."""

import asyncio
import json

from bot.language_model.endpoint import ModelFailedError


class Scripted:
    """Answers with one text after another, the last one again and again; an exception is raised."""

    def __init__(self, *answers, after_s=0.0):
        self.answers, self.after_s = list(answers), after_s
        self.prompts, self.instructions, self.limits_s = [], [], []
        self.started = self.closed = False

    async def start(self):
        self.started = True

    async def answer(self, instructions, prompt, shape, *, within_s):
        self.instructions.append(instructions)
        self.prompts.append(json.loads(prompt))
        self.limits_s.append(within_s)
        await asyncio.sleep(self.after_s)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer(self.prompts[-1]) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return shape.model_validate(answer)

    async def close(self):
        self.closed = True


FAILED = ModelFailedError("the server has a bad day")


def saying(*sentences):
    """An answer to a question for other words."""
    return {"sentences": list(sentences)}


def itself(prompt):
    """The answer of a model that changes nothing."""
    return {"sentences": prompt["sentences"]}


def fluent(prompt):
    """The answer of a model that makes every sentence begin with a plain word."""
    return {"sentences": [f"And {sentence}" for sentence in prompt["sentences"]]}
