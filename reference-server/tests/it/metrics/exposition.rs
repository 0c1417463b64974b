//! A strict reader of Prometheus's text format: what it does not expect is an error.
//!
//! Beyond the grammar it holds the format to its rules: `HELP` and `TYPE` once and before the
//! samples, which stand together; no sample twice; counters named `_total`; buckets that count up to
//! `+Inf`, which is the count.

use std::collections::{BTreeMap, BTreeSet};

/// The kinds of metrics that a host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "counter" => Some(Self::Counter),
            "gauge" => Some(Self::Gauge),
            "histogram" => Some(Self::Histogram),
            _ => None,
        }
    }
}

type Labels = BTreeMap<String, String>;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    kinds: BTreeMap<String, Kind>,
    samples: BTreeMap<(String, Labels), f64>,
}

impl Exposition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.ends_with('\n') {
            return Err("the last line does not end".to_owned());
        }
        let mut read = Self::default();
        let mut help: Option<String> = None;
        let mut family: Option<String> = None;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let failed = |why: &str| format!("{why}: {line}");
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, said) = rest.split_once(' ').ok_or_else(|| failed("no text"))?;
                if said.trim().is_empty() {
                    return Err(failed("an empty text"));
                }
                help = Some(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or_else(|| failed("no type"))?;
                if help.take().as_deref() != Some(name) {
                    return Err(failed("no HELP before it"));
                }
                let kind = Kind::named(kind).ok_or_else(|| failed("an unknown type"))?;
                check_name(name, kind).map_err(failed)?;
                if read.kinds.insert(name.to_owned(), kind).is_some() {
                    return Err(failed("the second TYPE"));
                }
                family = Some(name.to_owned());
            } else {
                let (name, labels, value) = sample(line).map_err(failed)?;
                let family = family.as_deref().ok_or_else(|| failed("no TYPE before it"))?;
                check_member(family, read.kinds[family], &name).map_err(failed)?;
                if read.samples.insert((name, labels), value).is_some() {
                    return Err(failed("the same sample twice"));
                }
            }
        }
        read.check_histograms()?;
        Ok(read)
    }

    /// The value of the sample with exactly these labels.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }

    /// Every value that a label has anywhere.
    pub(super) fn labels(&self, name: &str) -> BTreeSet<&str> {
        self.samples.keys().filter_map(|(_, labels)| labels.get(name).map(String::as_str)).collect()
    }

    /// Every metric with a sample, and what it is.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.kinds
            .iter()
            .map(|(name, kind)| (name.as_str(), *kind))
            .filter(|(name, _)| self.samples.keys().any(|(sample, _)| sample.starts_with(name)))
    }

    fn check_histograms(&self) -> Result<(), String> {
        // Buckets by metric and labels, as (bound, count), in order of their bounds.
        let mut buckets: BTreeMap<(&str, Labels), Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.samples {
            let Some(metric) = name.strip_suffix("_bucket") else { continue };
            let mut labels = labels.clone();
            let bound =
                labels.remove("le").ok_or_else(|| format!("{name}: a bucket without le"))?;
            let bound = number(&bound).ok_or_else(|| format!("{name}: {bound}"))?;
            buckets.entry((metric, labels)).or_default().push((bound, *value));
        }
        for ((metric, labels), mut buckets) in buckets {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            if buckets.windows(2).any(|pair| pair[0].1 > pair[1].1) {
                return Err(format!("{metric}{labels:?}: buckets do not count up"));
            }
            let last = buckets.last().map(|(bound, count)| (*bound, Some(*count)));
            let count = self.samples.get(&(format!("{metric}_count"), labels.clone())).copied();
            if last != Some((f64::INFINITY, count)) {
                return Err(format!("{metric}{labels:?}: {last:?} is not the count {count:?}"));
            }
        }
        Ok(())
    }
}

fn check_name(name: &str, kind: Kind) -> Result<(), &'static str> {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_lowercase());
    if !first || !characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err("not a name");
    }
    match kind {
        Kind::Counter if !name.ends_with("_total") => Err("a counter without _total"),
        Kind::Gauge if name.ends_with("_total") => Err("a gauge with _total"),
        Kind::Histogram if !name.ends_with("_seconds") => Err("a duration not in seconds"),
        _ => Ok(()),
    }
}

/// Whether a sample belongs to the metric that was announced.
fn check_member(family: &str, kind: Kind, sample: &str) -> Result<(), &'static str> {
    let suffix = sample.strip_prefix(family).ok_or("a sample of another metric")?;
    let expected: &[&str] =
        if kind == Kind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
    if expected.contains(&suffix) { Ok(()) } else { Err("not a sample of this metric") }
}

fn sample(line: &str) -> Result<(String, Labels, f64), &'static str> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, rest) = line.split_at(end);
    let mut labels = Labels::new();
    let value = match rest.strip_prefix('{') {
        None => rest,
        Some(mut rest) => loop {
            let (key, after) = rest.split_once("=\"").ok_or("a label without a value")?;
            let (text, after) = quoted(after)?;
            if labels.insert(key.to_owned(), text).is_some() {
                return Err("a label twice");
            }
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => break after.strip_prefix('}').ok_or("labels without an end")?,
            }
        },
    };
    let value = value.strip_prefix(' ').and_then(number).ok_or("not a number")?;
    Ok((name.to_owned(), labels, value))
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match characters.next() {
                Some((_, 'n')) => '\n',
                Some((_, escaped @ ('\\' | '"'))) => escaped,
                _ => return Err("an unknown escape"),
            }),
            other => value.push(other),
        }
    }
    Err("a label value without an end")
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => text.parse().ok(),
        _ => None,
    }
}

#[test]
fn what_prometheus_would_refuse_is_refused() {
    const HEAD: &str = "# HELP a_total Text.\n# TYPE a_total counter\n";
    for (body, why) in [
        ("a_total 1", "does not end"),
        ("a_total 1\na_total 2\n", "twice"),
        ("a_total{x=\"1\" 1\n", "without an end"),
        ("a_total{x=1} 1\n", "without a value"),
        ("a_total one\n", "not a number"),
        ("b_total 1\n", "another metric"),
        ("# HELP a Text.\n# TYPE a counter\na 1\n", "without _total"),
        ("# TYPE b_total counter\n", "no HELP"),
    ] {
        let error = Exposition::parse(&format!("{HEAD}{body}")).unwrap_err();
        assert!(error.contains(why), "{body:?}: {error}");
    }
    let read = Exposition::parse(&format!("{HEAD}a_total{{x=\"a\\\"b\",y=\"\"}} 1\n")).unwrap();
    assert_eq!(read.value("a_total", &[("x", "a\"b"), ("y", "")]), Some(1.0));
}
