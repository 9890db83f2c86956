use super::*;

const HOSTILE: &str =
    "<script>alert(1)</script> | `x` [a](javascript:b) \u{1b}]52;c;x\u{7} \u{202e}";

fn evidence() -> Evidence {
    let json = serde_json::json!({
        "settings": [{"setting": HOSTILE, "file": HOSTILE, "line": 3, "action": "keep", "reason": HOSTILE}],
        "tasks": [{"what": HOSTILE, "command": HOSTILE}],
    });
    let dated = |content| Dated {
        file: "f".into(),
        at: None,
        content,
    };
    let journal = serde_json::json!([
        {"at": "2026-11-21T20:00:00Z", "event": "header", "server": HOSTILE},
        {"at": "2026-11-21T20:00:00Z", "event": "run", "run": 1},
        {"at": "2026-11-21T20:00:00Z", "event": "item", "guid": "a", "title": HOSTILE},
        {"at": "2026-11-21T20:00:01Z", "event": "intent", "guid": "a"},
        {"at": "2026-11-21T20:00:05Z", "event": "failed", "guid": "a", "error": HOSTILE},
    ]);
    let lines = journal.as_array().unwrap().iter();
    let journal: String = lines.map(|line| format!("{line}\n")).collect();
    Evidence {
        account: Some(dated(serde_json::from_value(json).unwrap())),
        rebuilds: vec![Rebuild::of(journal.as_bytes())],
        ..Evidence::default()
    }
}

/// Of what others wrote nothing is markup, and nothing is hidden.
#[test]
fn foreign_text_stays_text() {
    let report = MigrationReport::of(evidence(), Timestamp::UNIX_EPOCH);
    let html = html(&report).unwrap();
    assert_eq!(html.matches("<script").count(), 1, "but ours: {html}");
    assert_eq!(
        html.matches("alert(1)").count(),
        html.matches("&#60;script&#62;alert(1)").count()
    );
    let markdown = markdown(&report).unwrap();
    assert!(!markdown.contains("<script"), "{markdown}");
    assert!(!markdown.contains("](javascript"), "{markdown}");
    for text in [&html, &markdown] {
        assert!(
            !text
                .chars()
                .any(|c| c != '\n' && crate::output::is_hidden(c))
        );
    }
    // A row of a table stays one.
    let row = markdown
        .lines()
        .find(|line| line.contains("| keep |"))
        .unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
}

/// A page asks for nothing, and runs nothing but the script that its policy names by its hash.
#[test]
fn the_page_is_alone() {
    let report = MigrationReport::of(evidence(), Timestamp::UNIX_EPOCH);
    let html = html(&report).unwrap();
    for word in ["src=", "@import", "<link", "style=\"", "url(", "onclick"] {
        assert!(!html.contains(word), "{word}");
    }
    let between = |tag: &str| {
        let start = html.find(&format!("<{tag}>")).unwrap() + tag.len() + 2;
        &html[start..start + html[start..].find(&format!("</{tag}>")).unwrap()]
    };
    assert_eq!(html.matches("<script").count(), 1);
    assert!(
        html.contains(&meta(between("style"), Some(between("script")))),
        "the policy is of another style or script"
    );
}

#[test]
fn what_is_missing_is_said() {
    let report = MigrationReport::of(Evidence::default(), Timestamp::UNIX_EPOCH);
    assert_eq!(report.steps.len(), 10);
    for step in &report.steps {
        assert_eq!(step.state, steps::State::Unknown);
        assert!(step.evidence.contains("given") || step.evidence.contains("on this machine"));
    }
    assert!(
        html(&report)
            .unwrap()
            .contains("by the evidence that was given")
    );
}

#[test]
fn what_failed_is_left_to_do() {
    let report = MigrationReport::of(evidence(), Timestamp::UNIX_EPOCH);
    let steps: Vec<_> = report.left.iter().map(|left| left.step).collect();
    assert_eq!(steps, [4, 7]);
    assert_eq!(report.steps[7].state, steps::State::ToDo);
}
