"""How the documents become a site: what is generated from code, and how links out of ``docs/`` are kept."""
