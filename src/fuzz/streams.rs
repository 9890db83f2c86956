//! Canaries in manifests, own values and records: what is said about them holds none.

use super::planted::Planted;
use crate::chart::ValuesFile;
use crate::overlay;
use crate::release::Record;

/// Manifests as Helm hands them to a post-renderer, with the configuration and its canaries in a
/// ConfigMap, and each canary again in a variable and in a Secret.
pub(super) fn manifests(planted: &Planted) -> String {
    let indented = |depth: usize, text: &str| {
        let blank = " ".repeat(depth);
        let lines = text.lines().map(|line| format!("{blank}{line}\n"));
        lines.collect::<String>()
    };
    let quoted = |word: &str| format!("'{}'", word.replace('\'', "''"));
    let mut stream = format!(
        "---\n# Source: c/templates/configmap.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  rstudio-connect.gcfg: |\n{}",
        indented(4, &planted.text)
    );
    stream.push_str("---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  rstudio-connect-migration.gcfg: |\n");
    stream.push_str(&indented(4, &planted.text));
    stream.push_str("---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: c\nspec:\n  template:\n    metadata: {}\n    spec:\n      volumes:\n      - {name: c, configMap: {name: c}}\n      containers:\n      - name: c\n        volumeMounts:\n        - {name: c, mountPath: /etc/rstudio-connect}\n        env:\n        - {name: NONE, value: none}\n");
    for canary in &planted.canaries {
        let value = quoted(&canary.word);
        stream.push_str(&format!("        - {{name: A, value: {value}}}\n"));
    }
    stream
}

/// # Errors
/// A canary got out.
pub(super) fn check(planted: &Planted) -> Result<(), String> {
    let stream = manifests(planted);
    laid(planted, &stream)?;
    for canary in planted.canaries.iter().take(3) {
        let Some(at) = stream.find(&canary.word) else {
            continue;
        };
        // Cut off in the middle, and with what YAML cannot have in its place.
        laid(planted, &stream[..at + canary.word.len()])?;
        for broken in ["\"", "\t- x: {", "&a *b ", "%"] {
            let (before, behind) = stream.split_at(at);
            laid(planted, &format!("{before}{broken}{behind}"))?;
            values(planted, &format!("config: {{A: {broken}{}\n", canary.word))?;
        }
        record(planted, canary.word.as_bytes())?;
        record(
            planted,
            format!("{{\"version\": {:?}}}", canary.word).as_bytes(),
        )?;
        record(planted, format!("{{\"name\": {}", canary.word).as_bytes())?;
    }
    Ok(())
}

fn laid(planted: &Planted, stream: &str) -> Result<(), String> {
    let options = overlay::Options {
        settings: overlay::temporary(),
        selections: Vec::new(),
        allow_missing: false,
    };
    match overlay::lay(stream.as_bytes(), &options) {
        Err(refusal) => planted.hidden_in("a refusal", &refusal.to_string())?,
        Ok(laid) => {
            let report = serde_json::to_string(&laid.report).map_err(|error| error.to_string())?;
            planted.hidden_in("the report of a run", &report)?;
        }
    }
    match overlay::detect(stream.as_bytes()) {
        Err(refusal) => planted.hidden_in("a refusal", &refusal.to_string()),
        Ok(shown) => {
            let shown = serde_json::to_string(&shown).map_err(|error| error.to_string())?;
            planted.hidden_in("what is shown of an overlay", &shown)
        }
    }
}

/// Own values that cannot be read.
fn values(planted: &Planted, text: &str) -> Result<(), String> {
    match ValuesFile::of_text("v.yaml", text) {
        Err(error) => planted.hidden_in_diagnostics(&error.0),
        Ok(_) => Ok(()),
    }
}

fn record(planted: &Planted, json: &[u8]) -> Result<(), String> {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.encode(json);
    for data in [json, packed.as_bytes()] {
        if let Err(why) = Record::decode(data) {
            planted.hidden_in("what is said about a record", &why)?;
        }
    }
    Ok(())
}
