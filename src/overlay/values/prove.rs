//! The overlay for values as they are given, seen to work where the chart is at hand.

use std::sync::Arc;

use super::{Given, config_path, make};
use crate::chart::{Chart, Purpose, SECOND_FILE, ValuesFile, values_below};
use crate::diagnostic::InvalidInput;
use crate::effective::{Effective, Reference, render};
use crate::gcfg;
use crate::overlay::TemporarySetting;
use crate::source::SourceFile;
use crate::yaml::merged;

/// Makes the overlay for some values files, and proves it with a chart.
///
/// # Errors
/// As [`make`] and [`values_below`]; or the chart makes something else of it.
pub(crate) fn on_top_of(
    files: &[Arc<SourceFile>],
    under: Option<&str>,
    settings: &[TemporarySetting],
    chart: Option<&Chart>,
) -> anyhow::Result<String> {
    // A setting that `<<` brings is set, as one that is written in its place.
    let read: Result<Vec<_>, InvalidInput> = files
        .iter()
        .map(|file| values_below(file, under))
        .map(|read| read.map(|(source, root)| (source, merged(&root))))
        .collect();
    let read = read?;
    let given: Vec<Given<'_>> = read
        .iter()
        .map(|(source, root)| Given {
            name: source.name(),
            text: source.text(),
            root,
        })
        .collect();
    let text = make(&given, under, settings)?;
    let Some(chart) = chart else {
        return Ok(text);
    };
    let mut below = Vec::new();
    let ours = values_below(
        &Arc::new(SourceFile::new("the overlay", text.clone())),
        under,
    )?;
    let mut path = config_path(under);
    path.pop();
    for (source, root) in read.iter().chain([&ours]) {
        if let Some(part) = root.at(&path) {
            below.push(ValuesFile::part(source, part)?);
        }
    }
    prove(chart, &below, settings)?;
    Ok(text)
}

fn prove(chart: &Chart, files: &[ValuesFile], settings: &[TemporarySetting]) -> anyhow::Result<()> {
    let files: Vec<&ValuesFile> = files.iter().collect();
    let release = chart.release("connect", None);
    let deployed = render(chart, &release, &files, None, Purpose::Configuration)?;
    let document = gcfg::parse_text(
        "rstudio-connect.gcfg, as the chart renders it",
        &deployed.gcfg,
    )?;
    // As far as the chart makes what holds it.
    let second = deployed.second_file.map(Reference::from);
    let second = second.as_ref().and_then(|kept| deployed.secrets.text(kept));
    let second = second
        .map(|text| gcfg::parse_text(SECOND_FILE, text))
        .transpose()?;
    let effective = Effective::of_documents(std::iter::once(&document).chain(&second));
    for setting in settings {
        let found = effective.get(&setting.name.key());
        let values = found.and_then(|found| found.content.values());
        if values.is_none_or(|values| values.last() != Some(&setting.value)) {
            anyhow::bail!(
                "{} makes something else of {} than the overlay says; nothing was written",
                chart.proof().words,
                setting.name
            );
        }
    }
    Ok(())
}
