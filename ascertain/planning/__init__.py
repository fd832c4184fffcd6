"""Learning-path search: the adapter of ``domain.ports.PathSolver``."""

from ascertain.planning.cpsat import CpSatSolver

__all__ = ["CpSatSolver"]
