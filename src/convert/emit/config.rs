//! The mapping `config`, from which the chart writes the configuration file.

use crate::chart::carried;
use crate::convert::plan::{ConfigValue, Plan, PlannedItem, PlannedSection};
use crate::diagnostic::{Code, Diagnostic, InvalidInput, Place};
use crate::gcfg::{Section, write};
use crate::yaml::{Block, Item, Tree};

/// The whole mapping.
///
/// # Errors
/// A name or value with characters that no values file brings through to the server.
pub(super) fn block(plan: &Plan) -> Result<Block, InvalidInput> {
    let mut errors = Vec::new();
    let mut config = Block::new();
    // What is to be said about sections of which nothing is left.
    let mut notes = Vec::new();
    for section in &plan.config {
        if section.is_emptied() {
            notes.extend(section.comments.iter().cloned());
            for item in &section.items {
                if let PlannedItem::Note(lines) = item {
                    notes.extend(lines.iter().cloned());
                }
            }
            continue;
        }
        let key = section_key(section, &mut errors);
        let tree = if section.removed {
            Tree::Null
        } else {
            Tree::Map(section_block(section, &mut errors))
        };
        let entry = config.add(key, tree);
        for comment in notes.drain(..).chain(section.comments.iter().cloned()) {
            entry.above(&comment);
        }
        if section.removed {
            entry.beside("a default of the chart, taken away");
        }
        entry.gap();
    }
    for comment in notes {
        config.comment_at_end(&comment);
    }
    for comment in &plan.last_comments {
        config.comment_at_end(comment);
    }
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(InvalidInput(errors))
    }
}

fn section_block(section: &PlannedSection, errors: &mut Vec<Diagnostic>) -> Block {
    let mut block = Block::new();
    let mut notes: Vec<String> = Vec::new();
    for item in &section.items {
        match item {
            PlannedItem::Note(lines) => notes.extend(lines.iter().cloned()),
            PlannedItem::Setting {
                property,
                value,
                above,
                beside,
                place,
            } => {
                let mut written = |text: &String| {
                    written(text).unwrap_or_else(|why| {
                        errors.push(not_carried(
                            &section.section,
                            property,
                            place.as_ref(),
                            &why,
                        ));
                        String::new()
                    })
                };
                let tree = match value {
                    ConfigValue::Null => Tree::Null,
                    ConfigValue::Bool(on) => Tree::Bool(*on),
                    ConfigValue::Texts(values) => match values.as_slice() {
                        [value] => Tree::Text(written(value)),
                        values => Tree::List(
                            values
                                .iter()
                                .map(|v| Item::from(Tree::Text(written(v))))
                                .collect(),
                        ),
                    },
                };
                let entry = block.add(property, tree);
                for line in notes.drain(..).chain(above.iter().cloned()) {
                    entry.above(&line);
                }
                entry.beside(beside);
            }
        }
    }
    for line in notes {
        block.comment_at_end(&line);
    }
    block
}

/// What the chart is to write behind the equals sign.
///
/// # Errors
/// Why the value does not get through.
fn written(text: &str) -> Result<String, String> {
    let mut written = write::value(text)
        .map_err(|error| error.to_string())?
        .into_owned();
    // Helm takes this text out of what a template gave; a pair of quotes that mean nothing to gcfg
    // hides it.
    if written.contains(NO_VALUE) {
        if !written.starts_with('"') {
            written = format!("\"{written}\"");
        }
        written = written.replace(NO_VALUE, "<no \"\"value>");
    }
    match carried(&written) {
        Ok(()) => Ok(written),
        Err(error) => Err(error.to_string()),
    }
}

const NO_VALUE: &str = "<no value>";

fn section_key(section: &PlannedSection, errors: &mut Vec<Diagnostic>) -> String {
    let key = section.section.to_string();
    if let Err(error) = carried(&key) {
        let diagnostic = Diagnostic::error(
            Code::ValueNotCarried,
            format!("the name of section [{key}] does not get through the chart: {error}"),
        )
        .help("give the section a name without it");
        errors.push(at(diagnostic, section.header.as_ref()));
    }
    key
}

fn not_carried(section: &Section, property: &str, place: Option<&Place>, why: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::ValueNotCarried,
        format!("the value of {section}.{property} does not get through the chart: {why}"),
    )
    .help("take the character out of the value");
    at(diagnostic, place)
}

fn at(diagnostic: Diagnostic, place: Option<&Place>) -> Diagnostic {
    match place {
        Some(place) => diagnostic.at(&place.source, place.span),
        None => diagnostic,
    }
}
