//! What another plan would have made of the same observations.
