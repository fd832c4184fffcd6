"""Readers of skill taxonomies. Each gives a :class:`~ascertain.taxonomy.loaded.LoadedTaxonomy`."""
