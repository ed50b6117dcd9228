"""French as people type it: pure functions over text, with no state and no framework.

``text`` cleans and folds, ``sms`` expands what people shorten, ``sound`` writes words as they are
heard, ``person`` reads who the message is about.
"""
