//! Charts as SVG: lines and areas over time, with axes, labels and a legend.

use dataprocessing::cli::CommandError;
use plotters::{coord::Shift, prelude::*};

/// Width of the picture, and height of each chart, in pixels.
const WIDTH: u32 = 960;
const HEIGHT: u32 = 250;
/// Height of the title of the picture.
const TITLE: u32 = 50;

pub(super) use plotters::style::RGBColor as Colour;

/// One chart.
pub(super) struct Chart {
    /// What it shows, with the unit.
    pub title: &'static str,
    /// In the order of drawing: the last is on top.
    pub series: Vec<Series>,
}

/// Points over time, in seconds.
pub(super) enum Series {
    Line(Colour, Vec<(f64, f64)>),
    /// The area below a line, with its name in the legend.
    Area(String, Colour, Vec<(f64, f64)>),
}

impl Series {
    fn points(&self) -> &[(f64, f64)] {
        let (Self::Line(_, points) | Self::Area(_, _, points)) = self;
        points
    }
}

/// Charts below each other, over the same `seconds`.
pub(super) fn picture<const N: usize>(
    title: &str,
    seconds: f64,
    charts: [Chart; N],
) -> Result<String, CommandError> {
    let mut svg = String::new();
    {
        let height = TITLE + HEIGHT * N as u32;
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let areas = root.titled(title, ("sans-serif", 20))?.split_evenly((N, 1));
        for (area, chart) in areas.iter().zip(charts) {
            chart.draw(area, seconds)?;
        }
        root.present()?;
    }
    Ok(svg)
}

impl Chart {
    fn draw(self, area: &DrawingArea<SVGBackend, Shift>, seconds: f64) -> Result<(), CommandError> {
        let values = self.series.iter().flat_map(Series::points).map(|(_, value)| *value);
        let max = values.fold(1.0, f64::max) * 1.05;
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 15))
            .margin_right(24)
            .margin_top(8)
            .x_label_area_size(38)
            .y_label_area_size(84)
            .build_cartesian_2d(0.0..seconds, 0.0..max)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_labels(10)
            .y_labels(6)
            .x_desc("seconds")
            .y_label_formatter(&|value| grouped(*value))
            .draw()?;
        for series in self.series {
            match series {
                Series::Line(colour, points) => {
                    chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
                }
                Series::Area(name, colour, points) => {
                    let mark = move |(x, y)| Rectangle::new([(x, y - 6), (x + 12, y + 6)], colour.filled());
                    chart.draw_series(AreaSeries::new(points, 0.0, colour))?.label(name).legend(mark);
                }
            }
        }
        // Areas grow with time and leave this corner free.
        chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).draw()?;
        Ok(())
    }
}

/// A whole number with its thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
