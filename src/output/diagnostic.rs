//! Diagnostics as a compiler shows them: the place, the line with a mark under it, the remedy.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Page, Printable};
use crate::diagnostic::{Diagnostic, Place};
use crate::settings::secrecy::{ShownLine, shown_line};
use crate::source::Position;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Coloured,
}

/// One diagnostic, over several lines, without a line feed at the end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, style: Style) -> String {
    let title = Level::ERROR
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    let shown = diagnostic
        .place
        .as_ref()
        .map(|place| (place, shown_line(&place.source, place.position().line)));
    if let Some((place, shown)) = &shown {
        let Position { line, column } = place.position();
        // A span over several lines is marked up to the end of its first.
        let start = shown.start(column - 1);
        let end = shown.end(column - 1 + (place.span.end - place.span.start));
        group = group.element(
            Snippet::source(shown.text())
                .path(Printable::new(place.source.name()).to_string())
                .line_start(line)
                .annotation(AnnotationKind::Primary.span(start..end.max(start))),
        );
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let rendered = renderer.render(&[group]);
    match &shown {
        Some((place, shown)) => with_byte_column(rendered, place, shown),
        None => without_gutter(&rendered),
    }
}

/// Leaves out the empty line of the gutter, which parts a source line from the help: here is none.
fn without_gutter(rendered: &str) -> String {
    let gutter = |line: &str| Page::drawn(line).plain().trim() == "|";
    let lines: Vec<&str> = rendered.lines().filter(|line| !gutter(line)).collect();
    lines.join("\n")
}

/// The library counts the column of its heading in characters of what is shown. Ours is in bytes of
/// what was read, as Connect's own messages have it.
fn with_byte_column(rendered: String, place: &Place, shown: &ShownLine) -> String {
    let Position { line, column } = place.position();
    let characters = shown.text()[..shown.start(column - 1)].chars().count();
    if characters + 1 == column {
        return rendered;
    }
    let name = Printable::new(place.source.name());
    // The title is one line; the heading is the first place below it that has name and line.
    let title = rendered.find('\n').unwrap_or(0);
    let (title, rest) = rendered.split_at(title);
    let theirs = format!("{name}:{line}:{}", characters + 1);
    title.to_owned() + &rest.replacen(&theirs, &format!("{name}:{line}:{column}"), 1)
}

#[cfg(test)]
mod tests {
    use super::{Style, render};
    use crate::diagnostic::{Code, Diagnostic};

    #[test]
    fn without_a_place_there_is_no_gutter() {
        let diagnostic = Diagnostic::error(Code::ValuesNotYaml, "no values").help("write some");
        assert_eq!(
            render(&diagnostic, Style::Plain),
            "error[values-not-yaml]: no values\n = help: write some"
        );
        assert!(!render(&diagnostic, Style::Coloured).contains('|'));
    }
}
