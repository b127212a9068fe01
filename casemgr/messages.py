"""Markers for sentences that a caller can see.

Each marker returns its arguments. It tells `pybabel extract` which strings belong in the message catalogues; the
translation itself happens when the answer is written, in `casemgr.i18n`.
"""


def N_(message: str) -> str:
    """Mark a message without plural forms.

    :returns: the message id, unchanged.
    """
    return message


def NN_(singular: str, plural: str) -> tuple[str, str]:
    """Mark a message with plural forms.

    :returns: both message ids, unchanged.
    """
    return singular, plural


def NC_(context: str, message: str) -> tuple[str, str]:
    """Mark a message whose translation depends on a context, such as a word that stands alone.

    :returns: the context and the message id, unchanged.
    """
    return context, message
