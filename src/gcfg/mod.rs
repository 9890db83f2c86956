//! gcfg, the format of `rstudio-connect.gcfg`, exactly as Go's `gopkg.in/gcfg.v1` reads it.
//!
//! GRAMMAR.md beside this file writes the format down.

mod document;
pub mod edit;
mod effective;
mod lexer;
mod name;
mod parser;
mod problem;
mod read;
pub mod write;

pub use document::{Comment, Document, Header, Item, Setting, Value};
pub use effective::{Configuration, EffectiveSection, EffectiveSetting, Occurrence};
pub use name::{NotASettingName, Section, SectionKey, SettingKey, SettingName, fold};
pub use read::{parse_bytes, parse_text};
