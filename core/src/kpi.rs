//! Figures that people decide by, each with its numerator and denominator.
