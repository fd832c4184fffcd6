"""How the agents work together. :mod:`crews.learner` is the crew of five, :mod:`crews.stewardship` tends the taxonomy;
:mod:`crews.run` holds the only kickoff."""
