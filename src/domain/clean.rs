//! From one raw record to one canonical patient, or to the issues that reject it.
