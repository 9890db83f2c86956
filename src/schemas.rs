//! The schemas of what commands print for programs. docs/schemas holds them as files, made from the
//! types here with BLESS set; a test keeps the two together.

use std::fs;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Each form: the name of its file, and its schema.
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
        ("overlay-log", of::<Vec<crate::overlay::RunReport>>()),
        (
            "rebuild-dry-run",
            of::<crate::rebuild::rehearsal::Rehearsal>(),
        ),
        ("rebuild-history", of::<Vec<crate::rebuild::history::Run>>()),
        ("rebuild-status", of::<crate::rebuild::status::Overview>()),
        ("validate", of::<crate::validate::report::Validation>()),
        ("values", of::<crate::convert::account::Account>()),
    ]
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
