"""Skills taxonomies: ESCO, O*NET and custom formats, and the mapping of text to skills.

Entry point: :class:`TaxonomyLibrary`. Level words: :func:`level_cue`, :func:`course_level`.
"""

from ascertain.taxonomy.levels import course_level, level_cue
from ascertain.taxonomy.library import ImportReport, TaxonomyBundle, TaxonomyLibrary
from ascertain.taxonomy.loaded import LoadedTaxonomy, Problem

__all__ = [
    "ImportReport",
    "LoadedTaxonomy",
    "Problem",
    "TaxonomyBundle",
    "TaxonomyLibrary",
    "course_level",
    "level_cue",
]
