//! The hospital simulator.
