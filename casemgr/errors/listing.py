"""The error catalogue as lists: of sentences, for people who check the wording, and of entries, for programs."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from casemgr.errors.bodies import ErrorBody, build_error_body, count_values
from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ApiError, DetailValue, ErrorDef
from casemgr.i18n import translation
from casemgr.i18n.locales import Locale


class Sentence(NamedTuple):
    """A sentence of an error in a locale, with its placeholders.

    :param name: the unique name of the error.
    :param audience: `developer` or `user`.
    :param number: the smallest number that takes this plural form; None for a sentence without plural forms.
    :param message_id: the English text that identifies the message in the catalogues; of plural forms the singular.
    """

    code: str
    name: str
    locale: str
    audience: str
    number: int | None
    message_id: str
    message: str


class SentenceRecord(NamedTuple):
    """A sentence together with its entry; unique by name, locale, audience and number.

    :param example: the sentence with the values of the example filled in; another plural form than that of the example
        gets as many values as its number says.
    :param when: when the error occurs, in English.
    """

    code: str
    name: str
    status: int
    locale: str
    audience: str
    number: int | None
    message_id: str
    message: str
    example: str
    detail_keys: tuple[str, ...]
    when: str


def find_entries(code_or_name: str) -> list[ErrorDef]:
    """Find the entries with a code, several of which may share it, or the entry with a name."""
    return [definition for definition in CATALOGUE if code_or_name.upper() in (definition.code, definition.name)]


def list_sentences_of(definition: ErrorDef, locale: Locale) -> list[Sentence]:
    """List the sentences of an error in a locale: for developers, in each plural form, and for users."""
    return list(_sentences(definition, locale))


def list_records(definitions: Iterable[ErrorDef], locales: Iterable[Locale]) -> Iterator[SentenceRecord]:
    """List the sentences of these errors in these locales, with their entries."""
    locales = list(locales)
    for definition in definitions:
        for locale in locales:
            for sentence in list_sentences_of(definition, locale):
                yield _record_of(definition, locale, sentence)


def list_comparison(definitions: Iterable[ErrorDef], one: Locale, other: Locale) -> Iterator[dict[str, str]]:
    """List the sentences of these errors, with the values of the example filled in, in two locales.

    :returns: records with the code, the name, the audience, and under each language tag the sentence.
    """
    for definition in definitions:
        bodies = {locale.language_tag: render_example(definition, locale) for locale in (one, other)}
        entry = {"code": definition.code, "name": definition.name}
        yield {**entry, "audience": "developer", **{tag: body.developer_message for tag, body in bodies.items()}}
        yield {**entry, "audience": "user", **{tag: body.user_message or "" for tag, body in bodies.items()}}


def render_example(definition: ErrorDef, locale: Locale) -> ErrorBody:
    """Render the example of an error in a locale, with the sentence for users."""
    return build_error_body(ApiError(definition, **definition.example), locale, with_user_message=True)


@cache
def describe_entries(locale: Locale) -> tuple[Mapping[str, object], ...]:
    """Describe the entries of the error catalogue for programs, with example sentences in a locale."""
    return tuple(_describe_entry(definition, locale) for definition in CATALOGUE)


def _describe_entry(definition: ErrorDef, locale: Locale) -> Mapping[str, object]:
    example = render_example(definition, locale)
    return {
        "name": definition.name,
        "code": definition.code,
        "status": definition.status.value,
        "when": definition.when,
        "detailKeys": definition.detail_keys,
        "developerMessage": example.developer_message,
        "userMessage": example.user_message,
    }


def _sentences(definition: ErrorDef, locale: Locale) -> Iterator[Sentence]:
    entry = (definition.code, definition.name, locale.language_tag)
    match definition.developer:
        case (singular, plural):
            for number, form in translation.plural_forms(locale, singular, plural):
                yield Sentence(*entry, "developer", number, singular, form)
        case message:
            yield Sentence(*entry, "developer", None, message, translation.translate(locale, message))
    yield Sentence(*entry, "user", None, definition.user, translation.translate(locale, definition.user))


def _record_of(definition: ErrorDef, locale: Locale, sentence: Sentence) -> SentenceRecord:
    values = dict(definition.example)
    if isinstance(definition.developer, tuple) and sentence.number is not None:
        placeholders = {key: f"%({key})s" for key in values}
        number = count_values(values[definition.counted_key])
        form = translation.translate_plural(locale, *definition.developer, number, **placeholders)
        if form != sentence.message % {**placeholders, "count": translation.format_number(locale, number)}:
            # The number of the example takes another form.
            values[definition.counted_key] = _repeat(values[definition.counted_key], sentence.number)
    body = build_error_body(ApiError(definition, **values), locale, with_user_message=True)
    return SentenceRecord(
        **sentence._asdict(),
        status=definition.status.value,
        example=body.developer_message if sentence.audience == "developer" else body.user_message or "",
        detail_keys=definition.detail_keys,
        when=definition.when,
    )


def _repeat(value: DetailValue, number: int) -> DetailValue:
    """Make a value of `counted_key` stand for another number."""
    match value:
        case int():
            return number
        case str():
            return [value] * number
        case _:
            return [value[index % len(value)] for index in range(number)]
