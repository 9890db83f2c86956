//! The schemas of what commands print for programs. docs/schemas holds them as files, made from the
//! types here with BLESS set; a test keeps the two together.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Each form: the name of its file, which is that of its command, and its schema.
fn forms() -> Vec<(&'static str, Schema)> {
    fn of<T: JsonSchema>() -> Schema {
        // As it is written, not as it would be read back.
        let settings = SchemaSettings::draft2020_12().for_serialize();
        settings.into_generator().into_root_schema_for::<T>()
    }
    vec![
        ("announce", of::<crate::announce::Announced>()),
        ("check", of::<crate::check::Report>()),
        ("diff", of::<crate::effective::report::ComparisonReport>()),
        ("gcfg", of::<crate::to_vm::VmReport>()),
        (
            "overlay-command",
            of::<crate::overlay::invocation::FlagsReport>(),
        ),
        ("overlay-log", of::<Vec<crate::overlay::RunReport>>()),
        ("overlay-show", of::<crate::overlay::Shown>()),
        ("plan", of::<crate::runbook::Runbook>()),
        ("rebuild", of::<crate::rebuild::progress::Timed<'_>>()),
        (
            "rebuild-dry-run",
            of::<crate::rebuild::rehearsal::Rehearsal>(),
        ),
        ("rebuild-history", of::<Vec<crate::rebuild::history::Run>>()),
        ("rebuild-status", of::<crate::rebuild::status::Overview>()),
        ("report", of::<crate::report::MigrationReport>()),
        ("status", of::<crate::survey::StatusReport>()),
        ("validate", of::<crate::validate::report::Validation>()),
        ("values", of::<crate::convert::account::Account>()),
        ("version", of::<crate::cli::version::Build>()),
    ]
}

/// The names of the commands below one that have a form for programs.
fn commands(command: &clap::Command, name: &str, found: &mut Vec<String>) {
    if command.get_arguments().any(|arg| arg.get_id() == "output") {
        found.push(name.to_owned());
    }
    for inner in command.get_subcommands() {
        let name = format!("{name}-{}", inner.get_name());
        commands(inner, name.trim_start_matches('-'), found);
    }
}

#[test]
fn each_command_with_a_form_for_programs_has_a_schema() {
    let mut wanted = vec!["rebuild-dry-run".to_owned()];
    commands(&crate::cli::Cli::command(), "", &mut wanted);
    wanted.sort();
    let names: Vec<_> = forms().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, wanted);
}

/// What stands alone says its version; of a stream of events the first does.
#[test]
fn each_document_carries_the_number_of_its_form() {
    for (name, schema) in forms() {
        let schema = schema.as_value();
        let required = schema["required"].as_array().into_iter().flatten();
        let is_document = schema["type"] == "object" && name != "rebuild";
        let has = required.into_iter().any(|key| key == "schema");
        assert_eq!(has, is_document, "{name}");
    }
}

#[test]
fn each_form_has_its_schema_in_the_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    for (name, schema) in forms() {
        let path = folder.join(format!("{name}.json"));
        let wanted = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, wanted).unwrap();
        } else {
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(found, wanted, "{name}: run it with BLESS=1");
        }
    }
}

#[test]
fn keys_are_camel_case() {
    for (name, schema) in forms() {
        let mut keys = Vec::new();
        gather(schema.as_value(), &mut keys);
        assert!(keys.len() > 2, "{name}: {keys:?}");
        for key in keys {
            let is_camel = key.starts_with(|c: char| c.is_ascii_lowercase())
                && key.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(is_camel, "{name}: {key}");
        }
    }
}

/// The names of all properties in a schema.
fn gather(schema: &Value, keys: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                if key == "properties" {
                    keys.extend(
                        value
                            .as_object()
                            .into_iter()
                            .flatten()
                            .map(|(key, _)| key.clone()),
                    );
                }
                gather(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, keys)),
        _ => {}
    }
}
