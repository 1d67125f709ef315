//! Goalpost.
