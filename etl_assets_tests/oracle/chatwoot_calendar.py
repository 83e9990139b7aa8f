"""Calendar columns of the Chatwoot oracle: spec 4.6 in the reporting time zone, current date from `now`."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

CALENDAR_COLUMNS: tuple[str, ...] = (
    "conversation_date",
    "conversation_year",
    "conversation_month",
    "conversation_day",
    "conversation_hour",
    "conversation_minute",
    "conversation_quarter",
    "conversation_day_of_week",
    "conversation_week_of_year",
    "conversation_day_name",
    "conversation_month_name",
    "conversation_period",
    "is_weekday",
    "is_weekend",
    "is_business_hours",
    "is_night_time",
    "days_since_creation",
    "is_today",
    "is_yesterday",
    "is_this_week",
    "is_this_month",
    "is_this_year",
    "conversation_date_formatted",
    "conversation_datetime_formatted",
    "conversation_year_month",
    "conversation_year_week",
)

_DAY_NAMES = ("Domingo", "Segunda", "Terça", "Quarta", "Quinta", "Sexta", "Sábado")
_MONTH_NAMES = (
    "Janeiro",
    "Fevereiro",
    "Março",
    "Abril",
    "Maio",
    "Junho",
    "Julho",
    "Agosto",
    "Setembro",
    "Outubro",
    "Novembro",
    "Dezembro",
)
_PERIODS = ("Madrugada", "Manhã", "Tarde", "Noite")


def calendar_values(created_at: datetime, *, now: datetime, zone: ZoneInfo) -> dict[str, object]:
    """The 26 calendar columns; both datetimes must be timezone-aware."""
    local = created_at.astimezone(zone)
    day = local.date()
    today = now.astimezone(zone).date()
    weekday = day.isoweekday() % 7
    is_weekday = 1 <= weekday <= 5
    iso_year, iso_week, _ = day.isocalendar()
    year_month = f"{day.year:04d}-{day.month:02d}"
    date_text = f"{year_month}-{day.day:02d}"
    return {
        "conversation_date": day,
        "conversation_year": day.year,
        "conversation_month": day.month,
        "conversation_day": day.day,
        "conversation_hour": local.hour,
        "conversation_minute": local.minute,
        "conversation_quarter": (day.month - 1) // 3 + 1,
        "conversation_day_of_week": weekday,
        "conversation_week_of_year": iso_week,
        "conversation_day_name": _DAY_NAMES[weekday],
        "conversation_month_name": _MONTH_NAMES[day.month - 1],
        "conversation_period": _PERIODS[local.hour // 6],
        "is_weekday": is_weekday,
        "is_weekend": not is_weekday,
        "is_business_hours": is_weekday and 9 <= local.hour <= 17,
        "is_night_time": local.hour >= 20 or local.hour < 6,
        "days_since_creation": (today - day).days,
        "is_today": day == today,
        "is_yesterday": day == today - timedelta(days=1),
        "is_this_week": day >= today - timedelta(days=today.weekday()),
        "is_this_month": day >= today.replace(day=1),
        "is_this_year": day.year == today.year,
        "conversation_date_formatted": date_text,
        "conversation_datetime_formatted": f"{date_text} {local.hour:02d}:{local.minute:02d}",
        "conversation_year_month": year_month,
        "conversation_year_week": f"{iso_year:04d}-{iso_week:02d}",
    }
