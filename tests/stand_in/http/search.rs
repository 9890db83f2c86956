//! `/v1/search/content`: a part of its language, with the warnings for what it doesn't know.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::content::{include, page, shown};
use super::request::since;
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::{Item, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/v1/search/content", get(search))
}

async fn search(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    since(&world, 2024, 4)?;
    let include = include(&world, &query)?;
    let (number, size) = paging(&query, 500)?;
    let mut warnings = Vec::new();
    let terms: Vec<Term> = query
        .get("q")
        .map_or("", String::as_str)
        .split_whitespace()
        .filter_map(|word| Term::read(word, &mut warnings))
        .collect();
    let mut found: Vec<_> = world
        .items()
        .into_iter()
        .filter(|item| caller.sees(&world, item))
        .filter(|item| terms.iter().all(|term| term.holds(&world, &caller, item)))
        .collect();
    match query.get("sort").map(String::as_str) {
        Some("name") => found.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("created") => found.sort_by_key(|item| item.created),
        _ => found.reverse(),
    }
    if query.get("order").map(String::as_str) != Some("asc") {
        found.reverse();
    }
    let results: Vec<Value> = found
        .iter()
        .skip((number - 1) * size)
        .take(size)
        .map(|item| shown(&world, &caller, item, include))
        .collect();
    let mut answer = page(&results, found.len(), number);
    if !warnings.is_empty()
        && let Some(answer) = answer.as_object_mut()
    {
        answer.insert("warnings".to_owned(), json!(warnings));
    }
    Ok(Json(answer).into_response())
}

/// `page_number` and `page_size`.
pub(crate) fn paging(
    query: &HashMap<String, String>,
    most: usize,
) -> Result<(usize, usize), ApiError> {
    let number = |name: &str, default: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| ApiError::bad_request(format!("{name} is not a positive number."))),
    };
    let size = number("page_size", 20)?;
    if size > most {
        return Err(ApiError::bad_request(format!(
            "page_size is greater than {most}."
        )));
    }
    Ok((number("page_number", 1)?, size))
}

/// One part of a question.
struct Term {
    negated: bool,
    test: Test,
}

enum Test {
    Word(String),
    Owner(Vec<String>),
    Type(Vec<String>),
    Tag(Vec<String>),
    Published(bool),
    Locked(bool),
    Uses(char, Option<String>),
}

impl Term {
    /// A word of a question. One that has no meaning leaves a warning and filters nothing.
    fn read(word: &str, warnings: &mut Vec<String>) -> Option<Self> {
        let (negated, word) = match word.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let Some((key, value)) = word.split_once(':') else {
            let test = Test::Word(word.to_lowercase());
            return Some(Self { negated, test });
        };
        let list = || value.split(',').map(str::to_owned).collect();
        let flag = || match value {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        let test = match (key, value) {
            ("owner", _) => Some(Test::Owner(list())),
            ("type", _) => Some(Test::Type(list())),
            ("tag", _) => Some(Test::Tag(list())),
            ("published", _) => flag().map(Test::Published),
            ("locked", _) => flag().map(Test::Locked),
            ("is" | "not", "published") => Some(Test::Published(key == "is")),
            ("is" | "not", "locked") => Some(Test::Locked(key == "is")),
            ("is", "r") => Some(Test::Uses('r', None)),
            ("is", "python") => Some(Test::Uses('p', None)),
            ("r", version) => Some(Test::Uses('r', Some(version.to_owned()))),
            ("python", version) => Some(Test::Uses('p', Some(version.to_owned()))),
            _ => None,
        };
        if test.is_none() {
            warnings.push(format!("The filter \"{word}\" was ignored."));
        }
        Some(Self {
            negated,
            test: test?,
        })
    }

    fn holds(&self, world: &World, caller: &Caller, item: &Item) -> bool {
        self.negated != self.test.holds(world, caller, item)
    }
}

impl Test {
    fn holds(&self, world: &World, caller: &Caller, item: &Item) -> bool {
        match self {
            Self::Word(word) => [
                Some(&item.name),
                item.title.as_ref(),
                Some(&item.description),
            ]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(word)),
            Self::Owner(names) => world.user(&item.owner).is_some_and(|owner| {
                names.iter().any(|name| {
                    *name == owner.username || (name == "@me" && owner.guid == caller.user.guid)
                })
            }),
            Self::Type(modes) => modes.contains(&item.app_mode),
            Self::Tag(names) => world
                .tags
                .iter()
                .any(|tag| item.tags.contains(&tag.id) && names.contains(&tag.name)),
            Self::Published(published) => item.active.is_some() == *published,
            Self::Locked(locked) => item.locked == *locked,
            Self::Uses(language, version) => {
                let has = if *language == 'r' {
                    &item.r_version
                } else {
                    &item.py_version
                };
                has.as_ref().is_some_and(|has| {
                    version
                        .as_ref()
                        .is_none_or(|asked| has == asked || has.starts_with(&format!("{asked}.")))
                })
            }
        }
    }
}
