//! The two ways out: data to standard output, talk to standard error.

use std::io::{self, Write as _};

use clap::ValueEnum;
use serde::Serialize;

/// The form of a command's result, as Helm has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Writes data to standard output.
///
/// # Errors
/// The reader went away, or the system refuses the write.
pub(crate) fn data(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes a message to standard error, with a line feed. Colour codes in it are dropped where they
/// would not be shown (no terminal, `NO_COLOR`).
pub(crate) fn talk(message: impl AsRef<str>) {
    // Nobody is there to hear that nobody is listening.
    let _ = writeln!(anstream::stderr().lock(), "{}", message.as_ref());
}

/// Whether talk is shown in colour.
#[must_use]
pub(crate) fn talk_is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// A value as JSON or YAML text with a line feed at its end; `None` for a table, which each command
/// draws itself.
///
/// # Errors
/// The value cannot be represented; none of ours is.
pub(crate) fn structured<T: Serialize>(
    format: Format,
    value: &T,
) -> anyhow::Result<Option<String>> {
    Ok(match format {
        Format::Table => None,
        Format::Json => Some(serde_json::to_string_pretty(value)? + "\n"),
        Format::Yaml => Some(serde_yaml::to_string(value)?),
    })
}

/// How many columns talk may take: the terminal's width, or 100 where there is none.
#[must_use]
pub(crate) fn talk_width() -> u16 {
    const ELSEWHERE: u16 = 100;
    if !io::IsTerminal::is_terminal(&io::stderr()) {
        return ELSEWHERE;
    }
    terminal_size::terminal_size_of(io::stderr())
        .map_or(ELSEWHERE, |(terminal_size::Width(width), _)| width.max(60))
}

/// Whether data for people is shown in colour.
#[must_use]
pub(crate) fn data_is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// How many columns a table on standard output may take: the terminal's width, or 100 where there
/// is none.
#[must_use]
pub(crate) fn data_width() -> u16 {
    const ELSEWHERE: u16 = 100;
    if !io::IsTerminal::is_terminal(&io::stdout()) {
        return ELSEWHERE;
    }
    terminal_size::terminal_size_of(io::stdout())
        .map_or(ELSEWHERE, |(terminal_size::Width(width), _)| width.max(60))
}
