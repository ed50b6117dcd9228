"""What libraries say when they are imported, kept from who runs Passerelle."""

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Silence the warnings of TensorFlow, Keras and Rasa: nobody who reads them here could mend them.

    Called at the start of a process. The tests do not call it: there warnings are errors.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    # Filters would not hold: some of these libraries put their own in front.
    warnings.showwarning = lambda *_said, **_where: None
    # TensorFlow warns on the root logger itself, which nothing of ours writes to.
    logging.getLogger().addFilter(lambda record: record.levelno > logging.WARNING)
