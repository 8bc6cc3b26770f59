"""One line of JSON, and what is wrong with it in sentences of this house: Python's own words are a programmer's, and in
one language."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from labeller.corpus import reasons

# By how Python's message begins: what comes behind differs between versions, as do the rules told apart.
FAULTS = {
    "Expecting value": reasons.NO_VALUE,
    "Expecting property name": reasons.NO_NAME,
    "Expecting ':'": reasons.NO_COLON,
    "Expecting ','": reasons.NO_COMMA,
    "Illegal trailing comma": reasons.LAST_COMMA,
    "Extra data": reasons.MORE_BEHIND,
    "Unterminated string": reasons.OPEN_STRING,
    "Invalid control character": reasons.CONTROL_CHARACTER,
    "Invalid \\u": reasons.ODD_CODE,
    "Invalid \\": reasons.ODD_ESCAPE,
}


class NoJson(ValueError):
    """The line is none. The message says why."""


def json_value(line: str) -> Any:
    """What the line says. Raises NoJson."""
    # Without its end: a quotation mark that is never closed is told as that, not as a line break within it.
    line = line.rstrip("\r\n")
    try:
        return json.loads(line, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise NoJson(reasons.NO_JSON_AT % {"reason": fault(error.msg), "at": error.colno}) from None
    except NoJson as error:
        raise NoJson(reasons.NO_JSON % {"reason": error}) from None
    except RecursionError:
        raise NoJson(reasons.NO_JSON % {"reason": reasons.TOO_DEEP}) from None
    except ValueError:  # all that is left is a whole number longer than int() takes
        raise NoJson(reasons.NO_JSON % {"reason": reasons.MANY_DIGITS}) from None


def fault(message: str) -> str:
    return next((said for begins, said in FAULTS.items() if message.startswith(begins)), reasons.ODD_JSON)


def _refuse_constant(name: str) -> NoReturn:
    raise NoJson(reasons.NO_NUMBER % {"name": name})


def _finite(number: str) -> float:
    """1e400 is JSON, but read as infinity it is none any more: no database would store it."""
    if math.isinf(value := float(number)):
        raise NoJson(reasons.LARGE_NUMBER % {"number": number[:20]})
    return value
