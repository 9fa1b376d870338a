"""The laws that every registered spec keeps, as functions that raise `AssertionError`.

They take the spec and a study (the tables that the law needs, each computed once for all specs),
so the same law runs over a registry and over a spec broken on purpose.
"""
