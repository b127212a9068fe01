"""Markers for the sentences that a caller can see.

Each marker returns its arguments unchanged. It tells `pybabel extract` which strings belong in the message catalogues;
`casemgr.i18n.translation` translates them when the response is written.
"""


def N_(message: str) -> str:
    """Mark a message without plural forms.

    :returns: the message id.
    """
    return message


def NN_(singular: str, plural: str) -> tuple[str, str]:
    """Mark a message with plural forms.

    :returns: both message ids.
    """
    return singular, plural


def NC_(context: str, message: str) -> tuple[str, str]:
    """Mark a message whose translation depends on its context, such as a single word.

    :returns: the context and the message id.
    """
    return context, message
