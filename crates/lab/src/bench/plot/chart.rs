//! Charts as SVG: lines and areas over time, with axes, labels and a legend.

use std::fmt::Write;

use super::scale::Scale;

const WIDTH: f64 = 960.0;
/// Left and right of the charts.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
/// Above the first chart.
const TOP: f64 = 56.0;
/// Height of a chart, and of what stands above and below its area.
const HEIGHT: f64 = 190.0;
const ABOVE: f64 = 28.0;
const BELOW: f64 = 34.0;
/// Below the last chart: the name of the time axis.
const BOTTOM: f64 = 20.0;

const STYLE: &str = "text{font-family:sans-serif;font-size:12px;fill:#333}.title{font-size:17px}\
.chart{font-size:14px;font-weight:bold}.grid{stroke:#ddd}.axis{stroke:#666}";

/// One chart.
pub(super) struct Chart {
    /// What it shows, with the unit.
    pub title: &'static str,
    /// What is drawn, the last on top.
    pub series: Vec<Series>,
}

/// Points over time, in seconds.
pub(super) struct Series {
    name: &'static str,
    colour: &'static str,
    points: Vec<(f64, f64)>,
    filled: bool,
}

impl Series {
    /// A line.
    pub(super) fn line(name: &'static str, colour: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { name, colour, points, filled: false }
    }

    /// All that is below a line.
    pub(super) fn area(name: &'static str, colour: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { name, colour, points, filled: true }
    }
}

/// Charts below each other, over the same `seconds`.
pub(super) fn picture(title: &str, seconds: f64, charts: &[Chart]) -> String {
    let each = ABOVE + HEIGHT + BELOW;
    let height = TOP + each * charts.len() as f64 + BOTTOM;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} \
         {height}'>\n<style>{STYLE}</style>\n<rect width='{WIDTH}' height='{height}' fill='white'/>\n"
    );
    text(&mut svg, (LEFT, 30.0), "start", "title", title);
    let mut top = TOP;
    for chart in charts {
        Area::new(chart, seconds, top + ABOVE).draw(&mut svg, chart);
        top += each;
    }
    text(&mut svg, ((LEFT + WIDTH - RIGHT) / 2.0, height - 12.0), "middle", "", "seconds");
    svg.push_str("</svg>\n");
    svg
}

/// The area of a chart, and how numbers become places in it.
struct Area {
    top: f64,
    time: Scale,
    value: Scale,
}

impl Area {
    fn new(chart: &Chart, seconds: f64, top: f64) -> Self {
        let values = chart.series.iter().flat_map(|series| &series.points).map(|(_, value)| *value);
        let most = values.fold(0.0, f64::max);
        Self { top, time: Scale::ending_at(seconds, 10), value: Scale::up_to(most, 5) }
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (seconds / self.time.end).min(1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + HEIGHT * (1.0 - value / self.value.end)
    }

    fn draw(&self, svg: &mut String, chart: &Chart) {
        text(svg, (LEFT, self.top - 10.0), "start", "chart", chart.title);
        self.legend(svg, &chart.series);
        let (bottom, right) = (self.top + HEIGHT, WIDTH - RIGHT);
        for (value, label) in self.value.marks() {
            let y = self.y(value);
            line(svg, (LEFT, y), (right, y), "grid");
            text(svg, (LEFT - 8.0, y + 4.0), "end", "", &label);
        }
        for series in &chart.series {
            self.series(svg, series);
        }
        for (seconds, label) in self.time.marks() {
            let x = self.x(seconds);
            line(svg, (x, bottom), (x, bottom + 5.0), "axis");
            text(svg, (x, bottom + 19.0), "middle", "", &label);
        }
        line(svg, (LEFT, bottom), (right, bottom), "axis");
        line(svg, (LEFT, self.top), (LEFT, bottom), "axis");
    }

    fn series(&self, svg: &mut String, series: &Series) {
        let Series { colour, points, .. } = series;
        let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return };
        let places =
            points.iter().map(|(seconds, value)| format!("{:.1},{:.1}", self.x(*seconds), self.y(*value)));
        let mut places: Vec<String> = places.collect();
        if series.filled {
            let bottom = self.y(0.0);
            places.push(format!("{:.1},{bottom:.1}", self.x(*last)));
            places.push(format!("{:.1},{bottom:.1}", self.x(*first)));
        }
        let places = places.join(" ");
        let (shape, fill) = if series.filled { ("polygon", *colour) } else { ("polyline", "none") };
        let width = if series.filled { 0 } else { 2 };
        append(
            svg,
            format_args!(
                "<{shape} points='{places}' fill='{fill}' stroke='{colour}' stroke-width='{width}'/>\n"
            ),
        );
    }

    /// In the line of the title, from the right.
    fn legend(&self, svg: &mut String, series: &[Series]) {
        /// Of a letter, as far as can be known without the font.
        const LETTER: f64 = 6.8;
        const MARK: f64 = 12.0;
        let mut x = WIDTH - RIGHT;
        for Series { name, colour, .. } in series {
            x -= name.len() as f64 * LETTER;
            text(svg, (x, self.top - 10.0), "start", "", name);
            x -= MARK + 5.0;
            let y = self.top - 20.0;
            append(
                svg,
                format_args!(
                    "<rect x='{x:.1}' y='{y:.1}' width='{MARK}' height='{MARK}' fill='{colour}'/>\n"
                ),
            );
            x -= 18.0;
        }
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), class: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    append(
        svg,
        format_args!("<line x1='{x1:.1}' y1='{y1:.1}' x2='{x2:.1}' y2='{y2:.1}' class='{class}'/>\n"),
    );
}

/// `content` is our own: nothing in it needs an escape.
fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, class: &str, content: &str) {
    append(
        svg,
        format_args!("<text x='{x:.1}' y='{y:.1}' text-anchor='{anchor}' class='{class}'>{content}</text>\n"),
    );
}

fn append(svg: &mut String, piece: std::fmt::Arguments<'_>) {
    svg.write_fmt(piece).expect("a text takes whatever is written");
}
