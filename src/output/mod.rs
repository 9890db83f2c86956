//! The one terminal room: data to standard output, messages to standard error, and everything that a
//! person reads made printable on its way.

mod confirm;
mod diagnostic;
mod duration;
mod page;
mod printable;
mod shell;
mod structured;
mod table;
mod ticker;

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use serde::Serialize;

pub(crate) use crate::character::is_hidden;
pub(crate) use confirm::{Answer, ask};
pub use diagnostic::{Style, render};
pub(crate) use duration::human;
pub(crate) use page::Page;
pub(crate) use printable::Printable;
pub(crate) use shell::shell_word;
pub(crate) use table::Table;
pub(crate) use ticker::Ticker;

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

/// Writes bytes to standard output: as they are to a file or a program, and made printable where a
/// person reads them.
///
/// # Errors
/// The system refuses the write.
pub(crate) fn data(bytes: &[u8]) -> io::Result<()> {
    enough(data_by(|out| out.write_all(bytes)))
}

/// The same for what is written piece by piece, and must arrive as a whole.
///
/// # Errors
/// The reader went away, or the system refuses the write.
pub(crate) fn data_by(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    if io::stdout().is_terminal() {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        return print(&*String::from_utf8_lossy(&bytes));
    }
    let mut out = io::stdout().lock();
    write(&mut out)?;
    out.flush()
}

/// A reader that has read enough, as in `… | head`, is no fault: how the command ends is not its
/// matter.
fn enough(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes text for people to standard output, in colour where that is shown.
///
/// # Errors
/// The system refuses the write.
pub(crate) fn print(page: impl Into<Page>) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let page = page.into();
    enough(
        out.write_all(page.coloured().as_bytes())
            .and_then(|()| out.flush()),
    )
}

/// Writes a command's result to standard output: as data, or as the page that is drawn for so many
/// columns.
///
/// # Errors
/// The system refuses the write.
pub(crate) fn result<T: Serialize, P: Into<Page>>(
    format: Format,
    value: &T,
    draw: impl FnOnce(u16) -> P,
) -> anyhow::Result<()> {
    match structured(format, value)? {
        Some(text) => data(text.as_bytes())?,
        None => print(draw(data_width()))?,
    }
    Ok(())
}

/// Writes a message to standard error, with a line feed. Colour is left out where it would not be
/// shown (no terminal, `NO_COLOR`).
pub(crate) fn message(message: impl Into<Page>) {
    // Nobody is there to hear that nobody is listening.
    let _ = writeln!(anstream::stderr().lock(), "{}", message.into().trimmed());
}

/// Decides about colour for the whole run, whatever the terminal and the environment say.
pub(crate) fn force_colour(on: bool) {
    let choice = match on {
        true => anstream::ColorChoice::Always,
        false => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether messages are shown in colour.
#[must_use]
pub(crate) fn messages_are_coloured() -> bool {
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
        Format::Json => Some(structured::json(value)?),
        Format::Yaml => Some(structured::yaml(value)?),
    })
}

/// A value as one line of JSON, or as one YAML document of a stream.
///
/// # Errors
/// The value cannot be represented; none of ours is.
pub(crate) fn streamed<T: Serialize>(format: Format, value: &T) -> anyhow::Result<String> {
    Ok(match format {
        Format::Yaml => format!("---\n{}", structured::yaml(value)?),
        Format::Table | Format::Json => structured::json_line(value)?,
    })
}

/// How many columns a message may take: the terminal's width, or 100 where there is none.
#[must_use]
pub(crate) fn messages_width() -> u16 {
    width(io::stderr().is_terminal(), || {
        terminal_size::terminal_size_of(io::stderr())
    })
}

/// How many columns a table on standard output may take.
#[must_use]
pub(crate) fn data_width() -> u16 {
    width(io::stdout().is_terminal(), || {
        terminal_size::terminal_size_of(io::stdout())
    })
}

fn width(
    is_terminal: bool,
    size: impl FnOnce() -> Option<(terminal_size::Width, terminal_size::Height)>,
) -> u16 {
    const ELSEWHERE: u16 = 100;
    if !is_terminal {
        return ELSEWHERE;
    }
    size().map_or(ELSEWHERE, |(terminal_size::Width(width), _)| width.max(60))
}

/// Whether a person reads messages as they are written.
#[must_use]
pub(crate) fn messages_go_to_a_terminal() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Whoever writes past this room writes what a terminal may act on.
    #[test]
    fn no_other_room_writes_draws_or_cleans() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![source.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for word in [
                    "io::stdout()",
                    "io::stderr()",
                    "anstream::",
                    "comfy_table",
                    "is_control",
                    "println!",
                    "print!",
                ] {
                    if text.contains(word) && !path.starts_with(source.join("output")) {
                        found.push(format!("{}: {word}", path.display()));
                    }
                }
            }
        }
        assert!(found.is_empty(), "{found:#?}");
    }
}
