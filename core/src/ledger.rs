//! Which copies make one conversion, and what is left of it after refunds.
