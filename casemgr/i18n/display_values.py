"""The built-in values of cases and their display values in the fifteen locales."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from casemgr.domain.cases import NamedValue
from casemgr.i18n.locales import Locale
from casemgr.i18n.messages import NC_
from casemgr.i18n.translation import translate_in_context


class ValueKind(StrEnum):
    """The kinds of built-in values; the values of the members are the contexts of the messages below."""

    STATUS = "status"
    SEVERITY = "severity"
    CHANNEL = "channel"
    FOLDER = "folder"


BUILT_IN_VALUES: Mapping[ValueKind, Mapping[str, tuple[str, str]]] = {
    ValueKind.STATUS: {
        # TRANSLATORS: status of a case
        "open": NC_("status", "Open"),
        # TRANSLATORS: status of a case
        "closed": NC_("status", "Closed"),
    },
    ValueKind.SEVERITY: {
        # TRANSLATORS: severity of a case
        "urgent": NC_("severity", "Urgent"),
        # TRANSLATORS: severity of a case
        "high": NC_("severity", "High"),
        # TRANSLATORS: severity of a case
        "medium": NC_("severity", "Medium"),
        # TRANSLATORS: severity of a case
        "low": NC_("severity", "Low"),
    },
    ValueKind.CHANNEL: {
        # TRANSLATORS: channel through which a case reached the contact centre
        "email": NC_("channel", "Email"),
        # TRANSLATORS: channel through which a case reached the contact centre
        "chat": NC_("channel", "Chat"),
        # TRANSLATORS: channel through which a case reached the contact centre
        "phone": NC_("channel", "Phone"),
        # TRANSLATORS: channel through which a case reached the contact centre: social media
        "social": NC_("channel", "Social"),
        # TRANSLATORS: channel through which a case reached the contact centre: a web form
        "web": NC_("channel", "Web"),
        # TRANSLATORS: channel through which a case reached the contact centre
        "sms": NC_("channel", "SMS"),
    },
    ValueKind.FOLDER: {
        # TRANSLATORS: name of the folder that holds the open cases
        "cases_open": NC_("folder", "Open"),
        # TRANSLATORS: name of the folder that holds the closed cases
        "cases_closed": NC_("folder", "Closed"),
        # TRANSLATORS: name of the folder that holds all cases
        "cases_all": NC_("folder", "All"),
        # TRANSLATORS: name of the folder that holds the cases of the user who is looking at it
        "cases_mine": NC_("folder", "Mine"),
    },
}


@cache
def name_built_in_values(kind: ValueKind, locale: Locale) -> Mapping[str, NamedValue]:
    """Translate the built-in values of a kind into a locale.

    Source: contract REP-2.
    """
    return {
        value: NamedValue(value, translate_in_context(locale, *message))
        for value, message in BUILT_IN_VALUES[kind].items()
    }


def name_value(kind: ValueKind, value: str, locale: Locale) -> NamedValue:
    """Add the display value in a locale; a value that is not built in displays as itself (contract REP-2)."""
    return name_built_in_values(kind, locale).get(value) or NamedValue(value, value)
