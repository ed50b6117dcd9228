"""Words that are in every message: they may weigh in a score, and explain nothing to a person who reads it."""

_WORDS = """
a ai aie aimerais as au aux avec avez avoir avons bonjour c ca car ce cela ces cet cette ceux comme comment d dans de depuis des dois doit
donc du elle elles en es est et etait etes etre eux faire fais fait faut il ils j je jai l la le les leur leurs lui m ma mais me mes moi
mon n ne ni nos notre nous on ont ou par pas peu peut peux plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se
ses si son sont suis sur svp t ta te tes toi ton tu un une va vais vers veut veux vos votre voudrais vous y
""".split()  # noqa: SIM905


def only_function_words(phrase: str) -> bool:
    """True for words without an accent of which none names anything.

    >>> only_function_words("je veux"), only_function_words("mes papiers")
    (True, False)
    """
    return all(word in _WORDS for word in phrase.split())
