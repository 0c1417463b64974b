//! Draws measured curves: every CSV of a folder as an SVG beside it, with both axes logarithmic, on which
//! "as much again for each" is a straight line.
//!
//! An example, so that only whoever draws compiles what draws.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use plotters::prelude::*;

/// Draw every CSV of a folder as an SVG beside it.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// The folder.
    folder: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Args { folder } = Args::parse();
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    for file in files {
        let drawn = Curves::parse(&fs::read_to_string(&file)?)
            .and_then(|curves| curves.draw(&file.with_extension("svg")));
        drawn.map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{}", file.with_extension("svg").display());
    }
    Ok(())
}

/// A picture with its lines.
#[derive(Clone, Debug, Default, PartialEq)]
struct Curves {
    /// What is shown.
    title: String,
    /// What grows.
    x: String,
    /// What it costs.
    y: String,
    /// Points by line, in the order of measurement.
    lines: BTreeMap<String, Vec<(f64, f64)>>,
}

impl Curves {
    /// Reads a CSV: `line,X,Y` at its head, where X and Y name the axes, above it a comment with the title.
    ///
    /// # Errors
    /// It is not of that form.
    fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let mut curves = Self::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            if let Some(title) = line.strip_prefix('#') {
                title.trim().clone_into(&mut curves.title);
                continue;
            }
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let [name, x, y] = fields[..] else {
                return Err(format!("line {}: three fields belong there", number + 1).into());
            };
            if curves.x.is_empty() {
                x.clone_into(&mut curves.x);
                y.clone_into(&mut curves.y);
                continue;
            }
            let value = |text: &str| {
                let value: Result<f64, _> = text.parse();
                value.map_err(|_| format!("line {}: {text:?} is no number", number + 1))
            };
            curves.lines.entry(name.to_owned()).or_default().push((value(x)?, value(y)?));
        }
        Ok(curves)
    }

    /// Draws the picture.
    ///
    /// # Errors
    /// There are no points that a logarithmic axis can hold, or the file cannot be written.
    fn draw(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let points = || self.lines.values().flatten().copied();
        let (xs, ys) = (range(points().map(|(x, _)| x))?, range(points().map(|(_, y)| y))?);
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (760, 420)).into_drawing_area();
            area.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&area)
                .caption(&self.title, ("sans-serif", 18))
                .margin(12)
                .x_label_area_size(42)
                .y_label_area_size(70)
                .build_cartesian_2d((xs.0..xs.1).log_scale(), (ys.0..ys.1).log_scale())?;
            chart
                .configure_mesh()
                .x_desc(&self.x)
                .y_desc(&self.y)
                .light_line_style(RGBColor(240, 240, 240))
                .x_label_formatter(&|value| label(*value))
                .y_label_formatter(&|value| label(*value))
                .draw()?;
            for (number, (name, points)) in self.lines.iter().enumerate() {
                let colour = Palette99::pick(number).to_rgba();
                let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2));
                chart.draw_series(line)?.label(name).legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2))
                });
                let dots = points.iter().map(|point| Circle::new(*point, 3, colour.filled()));
                chart.draw_series(dots)?;
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.85))
                .draw()?;
            area.present()?;
        }
        svg.push('\n');
        Ok(fs::write(file, svg)?)
    }
}

/// Whole powers of ten around the values.
fn range(values: impl Iterator<Item = f64>) -> Result<(f64, f64), String> {
    let (least, most) = values
        .fold((f64::INFINITY, 0_f64), |(least, most), value| (least.min(value), most.max(value)));
    if !(least > 0.0 && least.is_finite()) {
        return Err("a logarithmic axis takes numbers above 0, and at least one".to_owned());
    }
    let (low, high) = (least.log10().floor(), most.log10().ceil());
    Ok((10_f64.powf(low), 10_f64.powf(if high > low { high } else { low + 1.0 })))
}

fn label(value: f64) -> String {
    if value >= 1.0 { format!("{value:.0}") } else { format!("{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "# Cost\nline,plugins,ms\na,1,0.5\na,10,0.6\nb,1,2\n";

    #[test]
    fn lines_are_told_apart_by_their_names() {
        let curves = Curves::parse(CSV).expect("a CSV");
        assert_eq!(curves.lines["a"], [(1.0, 0.5), (10.0, 0.6)]);
        assert_eq!(curves.lines["b"], [(1.0, 2.0)]);
        assert_eq!((&*curves.title, &*curves.x, &*curves.y), ("Cost", "plugins", "ms"));
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let said = |text: &str| Curves::parse(text).expect_err("an error").to_string();
        assert_eq!(said("line,x,y\na,1\n"), "line 2: three fields belong there");
        assert_eq!(said("line,x,y\na,1,?\n"), "line 2: \"?\" is no number");
    }

    #[test]
    fn a_picture_names_its_lines_and_axes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cost.svg");
        Curves::parse(CSV).expect("a CSV").draw(&file).expect("a picture");
        let svg = fs::read_to_string(file).expect("the picture");
        assert!(["<svg", "Cost", "plugins", "ms"].iter().all(|text| svg.contains(text)));
        let nothing = Curves::parse("line,x,y\na,0,1\n").expect("a CSV");
        assert!(nothing.draw(&folder.path().join("none.svg")).is_err());
    }
}
