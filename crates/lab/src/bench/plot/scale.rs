//! An axis: round numbers that people can read, and where they stand.

/// From zero to a round number.
pub(super) struct Scale {
    /// Where it ends.
    pub end: f64,
    step: f64,
}

impl Scale {
    /// An axis that ends at or above `most`, with some `marks` marks.
    pub(super) fn up_to(most: f64, marks: u32) -> Self {
        let step = round_step(most / f64::from(marks));
        Self { end: (most / step).ceil().max(1.0) * step, step }
    }

    /// An axis that ends exactly at `most`.
    pub(super) fn ending_at(most: f64, marks: u32) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        Self { end: most, step: round_step(most / f64::from(marks)) }
    }

    /// Where marks stand, and what they say.
    pub(super) fn marks(&self) -> impl Iterator<Item = (f64, String)> {
        let count = (self.end / self.step + 1e-9).floor() as u32;
        (0..=count).map(|mark| f64::from(mark) * self.step).map(|value| (value, self.label(value)))
    }

    fn label(&self, value: f64) -> String {
        let digits = if self.step >= 1.0 { 0 } else { (-self.step.log10()).ceil() as usize };
        grouped(&format!("{value:.digits$}"))
    }
}

/// The next of 1, 2, 5, 10, 20, ... that is no less.
fn round_step(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// Thousands apart.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<String> {
        scale.marks().map(|(_, label)| label).collect()
    }

    #[test]
    fn marks_are_round_numbers_up_to_above_the_most() {
        assert_eq!(
            labels(&Scale::up_to(47_000.0, 5)),
            ["0", "10,000", "20,000", "30,000", "40,000", "50,000"]
        );
        assert_eq!(labels(&Scale::up_to(0.9, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Scale::ending_at(11.3, 6)), ["0", "2", "4", "6", "8", "10"]);
    }

    #[test]
    fn nothing_has_an_axis_too() {
        assert_eq!(labels(&Scale::up_to(0.0, 5)), ["0", "1"]);
    }
}
