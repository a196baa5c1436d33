//! What one call carries along: deadline, cancellation, caller.
