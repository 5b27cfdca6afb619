"""Why the sandbox refuses a field, in words for the person whose request it was."""


class FieldError(ValueError):
    """A value breaks the provider's page.

    The text continues "the to field ...", as the page's own does: "has to be filled".
    """
