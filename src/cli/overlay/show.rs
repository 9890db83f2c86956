//! `overlay show`: whether the overlay is on.

use clap::Args;
use serde_json::Value;

use super::super::Exit;
use crate::inputs::{self, Source};
use crate::output::{self, Format, Page};
use crate::overlay::{ConfigurationState, Shown, detect_file};

/// Say whether the temporary settings are on in manifests or in a gcfg file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm get manifest rsc | helm connect-migrate overlay show -
  helm connect-migrate overlay show /etc/rstudio-connect/rstudio-connect.gcfg --output json")]
pub(super) struct Show {
    /// Manifests (YAML or JSON) or a gcfg file; - for standard input
    #[arg(value_name = "FILE")]
    file: Source,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Show {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let beside = || match self.file.path() {
            Some(path) => inputs::beside(path),
            None => Ok(None),
        };
        let shown = detect_file(&self.file.file()?, beside)?;
        output::result(self.output, &shown, |_| drawn(&shown))?;
        Ok(Exit::Done)
    }
}

fn drawn(shown: &Shown) -> Page {
    let mut page = Page::new();
    if shown.config_maps.is_empty() {
        page.line("No Connect configuration is in these manifests.");
    }
    for found in &shown.config_maps {
        one(found, &mut page);
    }
    page
}

fn one(found: &ConfigurationState, page: &mut Page) {
    let what = match (&found.namespace, &found.name) {
        (Some(namespace), Some(name)) => format!("ConfigMap {namespace}/{name}"),
        (None, Some(name)) => format!("ConfigMap {name}"),
        _ => "Configuration".to_owned(),
    };
    let state = match (found.on, found.in_effect, found.intact) {
        (true, _, Some(false)) => {
            "marked as on, but changed since: they cannot be taken off from the record"
        }
        (true, true, _) => "on",
        (true, false, _) => "marked as on, but not in effect",
        (false, true, _) => "in effect, but not marked (set in values or by hand)",
        (false, false, _) => "off",
    };
    page.line(format!("{what}: temporary settings are {state}"));
    let settings = if found.on {
        &found.settings
    } else {
        &found.effective
    };
    for (setting, value) in settings {
        page.push(format!("  {setting} = {}", value_text(value)));
        if let Some(original) = found.originals.get(setting) {
            page.push(format!("  (was {})", value_text(original)));
        }
        page.end();
    }
    for workload in &found.workloads {
        let pods = match workload.checksum_matches {
            Some(true) => "restarts with this configuration",
            Some(false) => "has the checksum of another configuration",
            None => "has no checksum of the configuration",
        };
        page.line(format!("  {} {} {pods}", workload.kind, workload.name));
    }
}

fn value_text(value: &Value) -> &str {
    match value {
        Value::Null => "not set",
        Value::String(text) => text,
        _ => "a key without a value",
    }
}
