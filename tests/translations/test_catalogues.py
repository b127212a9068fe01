"""Message catalogues: every message has a string in every locale, with the same placeholders and all plural forms."""

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app import create_app
from casemgr.config import Config
from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ErrorDef
from casemgr.i18n import translation
from casemgr.i18n.display_values import BUILT_IN_VALUES
from casemgr.i18n.locales import DEFAULT_LOCALE, LOCALES, Locale
from casemgr.i18n.translation import TRANSLATIONS, catalogue_folder

TEMPLATE = read_po(io.BytesIO((TRANSLATIONS / "messages.pot").read_bytes()))
every_locale = pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.language_tag)


def load_catalogue(locale: Locale) -> Catalog:
    return read_po(io.BytesIO((catalogue_folder(locale) / "messages.po").read_bytes()), locale=locale.babel)


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def texts(of: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [of] if isinstance(of, str) else list(of or ())


def placeholders(text: str) -> Counter[str]:
    return Counter(re.findall(r"%\(\w+\)s", text))


def test_every_locale_has_a_catalogue_and_there_are_no_others() -> None:
    folders = {path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")}
    assert folders == {catalogue_folder(locale).parent.name for locale in LOCALES}
    assert len(folders) == 15


@every_locale
def test_a_catalogue_has_the_messages_of_the_template(locale: Locale) -> None:
    def keys(catalogue: Catalog) -> set[tuple[str | None, object]]:
        return {(message.context, message.id) for message in messages(catalogue)}

    assert keys(load_catalogue(locale)) == keys(TEMPLATE)


@every_locale
def test_no_message_is_fuzzy_or_obsolete(locale: Locale) -> None:
    assert not [message.id for message in messages(load_catalogue(locale)) if message.fuzzy]
    assert not load_catalogue(locale).obsolete


@pytest.mark.parametrize("locale", LOCALES[1:], ids=lambda locale: locale.language_tag)
def test_every_message_has_a_string_in_every_plural_form(locale: Locale) -> None:
    of_locale = load_catalogue(locale)
    for message in messages(of_locale):
        strings = texts(message.string)
        assert len(strings) == (of_locale.num_plurals if message.pluralizable else 1), message.id
        assert all(string.strip() for string in strings), message.id


def test_the_catalogue_of_the_default_locale_has_no_strings() -> None:
    assert not [message.id for message in messages(load_catalogue(DEFAULT_LOCALE)) if any(texts(message.string))]


@pytest.mark.parametrize("locale", LOCALES[1:], ids=lambda locale: locale.language_tag)
def test_strings_have_the_placeholders_of_their_message(locale: Locale) -> None:
    for message in messages(load_catalogue(locale)):
        expected = placeholders(texts(message.id)[0])
        for string in texts(message.string):
            assert placeholders(string) == expected, message.id
            assert "%" not in re.sub(r"%\(\w+\)s", "", string), message.id


@every_locale
def test_babel_finds_no_problem(locale: Locale) -> None:
    of_locale = load_catalogue(locale)
    assert not [(message.id, problems) for message, problems in of_locale.check() if problems]
    write_mo(io.BytesIO(), of_locale)


@pytest.mark.parametrize("locale", LOCALES[1:], ids=lambda locale: locale.language_tag)
def test_sentences_end_with_a_full_stop_and_display_values_do_not(locale: Locale) -> None:
    for message in messages(load_catalogue(locale)):
        for string in texts(message.string):
            assert string.endswith((".", "。")) == (message.context is None), message.id


@pytest.mark.parametrize("locale", LOCALES[1:], ids=lambda locale: locale.language_tag)
def test_names_of_headers_are_not_translated(locale: Locale) -> None:
    names = ("X-egain-session", "Authorization", "Accept-Language", "Bearer")
    for message in messages(load_catalogue(locale)):
        english = texts(message.id)[0]
        for string in texts(message.string):
            assert [name for name in names if name in english] == [name for name in names if name in string]


@pytest.mark.parametrize(("one", "other"), [("fr-FR", "fr-CA"), ("pt-BR", "pt-PT")])
def test_locales_of_one_language_are_not_copies(one: str, other: str) -> None:
    strings = {
        locale.language_tag: {str(message.id): message.string for message in messages(load_catalogue(locale))}
        for locale in LOCALES
    }
    differing = [key for key in strings[one] if strings[one][key] != strings[other][key]]
    assert len(differing) > len(strings[one]) / 5


def test_every_message_of_the_code_is_in_the_template() -> None:
    ids = {(message.context, text) for message in messages(TEMPLATE) for text in texts(message.id)}
    for definition in CATALOGUE:
        assert {(None, text) for text in [*texts(definition.developer), definition.user]} <= ids
    for names in BUILT_IN_VALUES.values():
        assert set(names.values()) <= ids


@pytest.mark.parametrize("definition", CATALOGUE, ids=lambda definition: definition.code)
def test_a_message_uses_only_declared_placeholders(definition: ErrorDef) -> None:
    declared = {*definition.detail_keys, *definition.quoted_keys, *(["count"] if definition.counted_key else [])}
    for sentence in texts(definition.developer):
        assert set(re.findall(r"%\((\w+)\)s", sentence)) <= declared
    assert "%" not in definition.user


def test_the_application_does_not_start_without_a_compiled_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "TRANSLATIONS", tmp_path)
    with pytest.raises(translation.MissingCatalogueError, match="fr-CA"):
        create_app(Config.from_environment({}))
