"""Fits calibrations on decisions: the adapter of ``domain.calibration_fit.CalibrationFitter``."""

from ascertain.calibrating.fitting import ScikitFitter

__all__ = ["ScikitFitter"]
