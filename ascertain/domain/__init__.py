"""The pure core: what evidence says about skills, and what follows from it.

No input or output happens here. Reading order: :mod:`skills`, :mod:`evidence`, :mod:`casefile`,
:mod:`findings` (what agents may say), :mod:`belief`, :mod:`gaps`, :mod:`paths`, :mod:`routing`,
:mod:`conclude` (all of it together), :mod:`audit`, :mod:`ports`.
"""
