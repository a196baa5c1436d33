//! ISO 8601 instants, as `1976-11-13T16:00:00.000Z`.

use jiff::Timestamp;

use super::DateFault;

/// Reads an instant. A text that has the shape of one and names no day, time or offset that exists is not
/// in the calendar.
pub(super) fn read(text: &str) -> Result<Timestamp, DateFault> {
    if !has_shape(text) {
        return Err(DateFault::NoFormatMatches);
    }
    text.parse().map_err(|_| DateFault::NotInCalendar)
}

/// `dddd-dd-ddThh:mm`, seconds as may be, then `Z` or an offset. The parser itself takes more: spaces for
/// the `T`, zone names in brackets, weeks.
fn has_shape(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00";
    let Some((start, rest)) = text.as_bytes().split_at_checked(SHAPE.len()) else {
        return false;
    };
    let starts = start.iter().zip(SHAPE).all(|(byte, expected)| match expected {
        b'0' => byte.is_ascii_digit(),
        _ => byte == expected,
    });
    let seconds = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.')).count();
    starts && is_offset(&rest[seconds..])
}

fn is_offset(text: &[u8]) -> bool {
    match text {
        b"Z" => true,
        [b'+' | b'-', offset @ ..] => {
            matches!(offset.len(), 2 | 4 | 5) && offset.iter().all(|byte| matches!(byte, b'0'..=b'9' | b':'))
        }
        _ => false,
    }
}
