"""The weather: as it is now, and as it is forecast for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from satellite.errors import HomeFailed
from satellite.homeassistant.client.entities import Contents, Entity
from satellite.homeassistant.client.entity_kinds import Service
from satellite.homeassistant.client.service_calls import HomeQuery
from satellite.homeassistant.client.session import Session
from satellite.homeassistant.client.words import DEGREE

DOMAIN = "weather"

_FORECASTS = (("daily", 1), ("twice_daily", 4), ("hourly", 2))
"""Kinds of forecasts and their bits in `supported_features`, the best first."""

_NOON = 12
"""The hour whose weather stands for a day that is forecast by the hour."""


class _Forecast(msgspec.Struct, frozen=True):
    at: datetime = msgspec.field(name="datetime")
    condition: str | None = None
    temperature: float | None = None
    templow: float | None = None

    @property
    def day(self) -> date:
        """The day, in the time zone of this machine."""
        return self.at.astimezone().date()


class _Day(msgspec.Struct, frozen=True):
    condition: str
    low: float | None
    high: float | None


async def report(request: HomeQuery, session: Session) -> str:
    """Return the sentence on the weather, of a place if one is named."""
    places = _places(session.contents, request.name)
    if not places:
        return request.sentence("missing")
    entities = [e for e in session.answering(places) if session.known(e).value != "unknown"]
    if not entities:
        return request.sentence("silent")
    if request.day == 0:
        return _now(request, entities[0], session)
    return await _later(request, entities[0], session)


def _places(contents: Contents, name: str | None) -> Sequence[Entity]:
    if name:
        return [entity for entity in contents.called(name) if entity.domain == DOMAIN]
    return [entity for entity in contents.entities if entity.domain == DOMAIN]


def _now(request: HomeQuery, entity: Entity, session: Session) -> str:
    now, words = session.known(entity), request.words
    state = words.state_code(now.value)
    temperature = now.attributes.get("temperature")
    if not isinstance(temperature, int | float):
        return request.sentence("plain", state=state)
    return request.sentence(
        "default", state=state, temperature=words.amount(round(temperature), DEGREE)
    )


async def _later(request: HomeQuery, entity: Entity, session: Session) -> str:
    features = session.known(entity).attributes.get("supported_features")
    kinds = [kind for kind, bit in _FORECASTS if isinstance(features, int) and features & bit]
    if not kinds:
        return request.sentence("unknown")
    call = Service(DOMAIN, "get_forecasts", {"type": kinds[0]})
    wanted = datetime.now().astimezone().date() + timedelta(days=request.day)
    day = _summary(_forecasts(await session.answer(call, entity)), wanted)
    if day is None:
        return request.sentence("unknown")
    words = request.words
    state = words.state_code(day.condition)
    if day.high is None:
        return request.sentence("tomorrow_plain", state=state)
    high = words.amount(round(day.high), DEGREE)
    if day.low is None:
        return request.sentence("tomorrow_high", state=state, high=high)
    # "between 3 and 9 degrees": the unit is said once where it follows the number
    low = words.number(round(day.low))
    return request.sentence("tomorrow", state=state, low=low, high=high)


def _summary(forecasts: Sequence[_Forecast], wanted: date) -> _Day | None:
    """Return the weather of a day from its forecasts: one, two, or one for each hour."""
    of_day = [forecast for forecast in forecasts if forecast.day == wanted and forecast.condition]
    if not of_day:
        return None
    noon = min(of_day, key=lambda forecast: abs(forecast.at.astimezone().hour - _NOON))
    highs = [f.temperature for f in of_day if f.temperature is not None]
    lows = [f.templow for f in of_day if f.templow is not None]
    if not lows and len(highs) > 1:
        lows = [min(highs)]
    return _Day(
        condition=noon.condition or "",
        low=min(lows) if lows else None,
        high=max(highs) if highs else None,
    )


def _forecasts(answer: dict[str, Any]) -> list[_Forecast]:
    """Read the answer of `weather.get_forecasts`. Raises `HomeFailed` for a malformed one."""
    try:
        return msgspec.convert(answer.get("forecast"), list[_Forecast], strict=False)
    except msgspec.ValidationError as error:
        raise HomeFailed(f"Home Assistant's forecast: {error}") from error
