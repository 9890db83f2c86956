//! The report as HTML and as Markdown.

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::compared::Comparison;
use super::timeline::{End, Run};
use super::{MigrationReport, Validations, counts, joined};
use crate::output::Page;

const STYLE: &str = include_str!("../../templates/style.css");
const SCRIPT: &str = include_str!("../../templates/sort.js");

/// Tables with more rows are closed at first, so that a page with thousands of items opens at once.
const OPEN: usize = 200;

#[derive(Template)]
#[template(path = "report.html")]
struct Html<'a> {
    report: &'a MigrationReport,
    meta: String,
    style: &'static str,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "report.md")]
struct Md<'a> {
    report: &'a MigrationReport,
}

/// One page that asks for nothing from anywhere.
///
/// # Errors
/// None that is known: the templates write into memory.
pub(crate) fn html(report: &MigrationReport) -> anyhow::Result<String> {
    let html = Html {
        report,
        meta: meta(STYLE, Some(SCRIPT)),
        style: STYLE,
        script: SCRIPT,
    };
    Ok(Page::from(html.render()?).plain())
}

/// The same for a change request.
///
/// # Errors
/// As [`html`].
pub(crate) fn markdown(report: &MigrationReport) -> anyhow::Result<String> {
    Ok(Page::from(Md { report }.render()?).plain())
}

/// The policy of a page: nothing but its own style and script, which are named by their hashes.
pub(crate) fn meta(style: &str, script: Option<&str>) -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
    let script = script.map_or_else(String::new, |script| {
        format!("script-src 'sha256-{}'; ", hash(script))
    });
    format!(
        "default-src 'none'; style-src 'sha256-{}'; {script}base-uri 'none'; form-action 'none'",
        hash(style)
    )
}

/// A time as people read it.
fn time(at: &Timestamp) -> String {
    at.strftime("%F %H:%M UTC").to_string()
}

fn optional_time(at: &Option<Timestamp>) -> String {
    at.as_ref().map_or_else(|| "–".to_owned(), time)
}

/// A number of seconds as people read it.
fn span(seconds: impl std::borrow::Borrow<f64>) -> String {
    let seconds: f64 = *seconds.borrow();
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

fn open(rows: usize) -> &'static str {
    if rows <= OPEN { "open" } else { "" }
}

/// A run's picture: a thousand units wide, a bar in a row of its own for each build.
struct Picture {
    height: f64,
    bars: Vec<Bar>,
}

struct Bar {
    y: f64,
    height: f64,
    /// Where the build begins; what is left of it is the time that the item waited.
    x: f64,
    width: f64,
    class: &'static str,
}

impl Run {
    fn seconds(&self) -> f64 {
        self.ended
            .duration_since(self.began)
            .as_secs_f64()
            .max(0.001)
    }

    fn told(&self) -> String {
        let ends = self.builds.iter().map(|build| build.end.as_str());
        let order = [End::Built, End::Failed, End::Running].map(End::as_str);
        let builds = joined(&counts(&order, ends));
        match builds.is_empty() {
            true => "no build".to_owned(),
            false => builds,
        }
    }

    fn picture(&self) -> Picture {
        let row = (2000.0 / self.builds.len().max(1) as f64).clamp(0.5, 14.0);
        let scale = 1000.0 / self.seconds();
        let bars = self.builds.iter().enumerate().map(|(index, build)| Bar {
            y: index as f64 * row,
            height: row * 0.8,
            x: (build.from * scale).min(998.0),
            width: ((build.to - build.from) * scale).max(2.0),
            class: match build.end {
                End::Built => "built",
                End::Failed => "failed",
                End::Running => "running",
            },
        });
        Picture {
            height: row * self.builds.len() as f64,
            bars: bars.collect(),
        }
    }
}

impl Comparison {
    fn told(&self) -> String {
        joined(&self.counts)
    }
}

impl Validations {
    fn told(&self) -> String {
        joined(&self.counts)
    }
}

impl MigrationReport {
    fn settings_told(&self) -> String {
        let actions = self.settings.iter().map(|setting| setting.action.as_str());
        joined(&counts(
            &["block", "review", "secret", "chart", "drop", "keep"],
            actions,
        ))
    }

    fn checks_told(&self) -> String {
        let statuses = self.checks.iter().map(|check| check.status.as_str());
        joined(&counts(&super::STATUSES, statuses))
    }
}
