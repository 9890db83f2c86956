//! Diagnostics as a compiler shows them: the place, the line with a mark under it, the remedy.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without colour.
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// One diagnostic, over several lines, without a line feed at the end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    if let Some(place) = &diagnostic.place {
        let source = &place.source;
        let line = place.position().line;
        let text = source.line(line);
        let line_start = source.text()[..place.span.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let start = (place.span.start - line_start).min(text.len());
        let end = (place.span.end - line_start).clamp(start, text.len());
        group = group.element(
            Snippet::source(text)
                .path(source.name())
                .line_start(line)
                .annotation(AnnotationKind::Primary.span(start..end)),
        );
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    renderer.render(&[group])
}
