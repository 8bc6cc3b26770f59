"""What can be wrong with a file, as classes a caller can tell apart. Every message is a sentence for the page."""


class CorpusError(Exception):
    """The root of this package's errors."""


class FileRefused(CorpusError):
    """The file as a whole cannot be taken: empty, too large, of a format we do not read."""


class MappingError(CorpusError):
    """The mapping does not fit the file: a column that is not there, a delimiter of two characters."""


class ImportStateError(CorpusError):
    """The import is not in a state that allows this: running already, finished, thrown away."""
