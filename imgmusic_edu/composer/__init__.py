"""From what a picture holds to a score: plan, form, harmony, melody, arrangement.

Each file is one idea of chapter 10, in the order in which it is taught.
"""

from .arrangement import compose_score
from .plan import Plan, make_plan, parse_key

__all__ = ["Plan", "compose_score", "make_plan", "parse_key"]
