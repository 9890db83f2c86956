//! What is hidden, and what is not.

use super::*;

/// The lines of a text as they are shown.
fn shown(text: &str) -> Vec<String> {
    let source = SourceFile::new("f", text);
    (1..=text.split('\n').count())
        .map(|line| source.shown_line(line).text().to_owned())
        .collect()
}

fn line(text: &str) -> String {
    shown(text).remove(0)
}

#[test]
fn values_of_credentials_are_hidden() {
    for (text, expected) in [
        ("Password = abc", "Password = ***"),
        ("Password = \"abc", "Password = ***"),
        ("Password=abc", "Password=***"),
        ("  BindPassword = a ; b", "  BindPassword = ***"),
        ("PASSWORD = x", "PASSWORD = ***"),
        ("Paſſword = x", "Paſſword = ***"),
        ("pass-word = x", "pass-word = ***"),
        ("DB_PASSWORD: x", "DB_PASSWORD: ***"),
        ("Password : x", "Password : ***"),
        ("Password x", "Password ***"),
        ("Password x=y", "Password ***"),
        ("Password\"x\"", "Password\"***"),
        ("\"Password\" = x", "\"Password\" = ***"),
        ("Passwrod = x", "Passwrod = ***"),
        ("Pasword = x", "Pasword = ***"),
        ("ClientSercet = x", "ClientSercet = ***"),
        ("ClientSecret = x", "ClientSecret = ***"),
        ("Bootstrap.SecretKey = x", "Bootstrap.SecretKey = ***"),
        ("ApiToken = x", "ApiToken = ***"),
        ("Credentials = x", "Credentials = ***"),
        ("License = x", "License = ***"),
        ("Licence = x", "Licence = ***"),
        ("DSN = x", "DSN = ***"),
        ("[Postgres] Password = x", "[Postgres] Password = ***"),
        ("[Postgres Password = x", "[***"),
        ("[Password=x]", "[***"),
        ("; Password = x", "; Password = ***"),
        ("#Password: x", "#Password: ***"),
        ("; the password is x", "; ***"),
        ("Listen = :3939 ; password: x", "Listen = ***"),
        ("Listen ; password: x", "Listen ; password: ***"),
        // YAML and JSON.
        ("- Password: x", "- Password: ***"),
        ("{\"password\": \"x\"}", "{\"password\": ***"),
        ("  value: x", "  value: ***"),
    ] {
        assert_eq!(line(text), expected, "{text:?}");
    }
}

#[test]
fn values_that_look_like_credentials_are_hidden() {
    for (text, expected) in [
        ("URL = postgres://me:x@db/connect", "URL = ***"),
        ("URL = postgres://me:x", "URL = postgres://me:x"),
        ("URL = \"postgres://me:a/b@c", "URL = ***"),
        ("URL = host=db password=x", "URL = ***"),
        ("URL = //me@db", "URL = ***"),
        ("Extra = eyJhbGciOiJIUzI1NiIsInR5cCI6", "Extra = ***"),
        ("Extra = 0123-4567-89ab-cdef-0123", "Extra = ***"),
        ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "***"),
        ("MIIEvQIBADANBgkqhkiG9w0BAQEF==", "***"),
        ("Pem = -----BEGIN", "Pem = ***"),
    ] {
        assert_eq!(line(text), expected, "{text:?}");
    }
}

#[test]
fn lines_whose_name_cannot_be_read_show_no_value() {
    for (text, expected) in [
        ("= hunter", "= ***"),
        (": hunter", ": ***"),
        ("\"hunter", "***"),
        ("hunter two", "hunter ***"),
        ("a$b = x", "a$b = ***"),
        ("a$b c = x", "a***"),
        ("me:x@db", "me:***"),
        ("!hunter", "***"),
        ("x\\y", "x***"),
        ("abc==", "abc***"),
    ] {
        assert_eq!(line(text), expected, "{text:?}");
    }
}

#[test]
fn harmless_lines_are_shown() {
    for text in [
        "",
        "   ",
        "[Server]",
        "[LDAP \"corp, main\"] ; the main one",
        "[a.b]",
        "[a b]",
        "[GitCredential]",
        "Listen = \":3939",
        "Address = http://connect.example.com/ ; note",
        "DataDir = C:\\data",
        "SenderEmail = a@example.com",
        "NoWarning",
        "NoWarning ; note",
        "a_b = 1",
        "9a = 1",
        "Listen : :3939",
        "; a comment with = and :",
        "Größe = 1",
    ] {
        assert_eq!(line(text), text);
    }
}

#[test]
fn continued_values_are_looked_at_as_a_whole() {
    assert_eq!(
        shown("Password = a\\\nb\\\r\n  c\nListen = x"),
        ["Password = ***", "***", "  ***", "Listen = x"]
    );
    assert_eq!(
        shown("URL = postgres://me:\\\nx@db"),
        ["URL = ***", "***"],
        "the address is whole only over both lines"
    );
    assert_eq!(
        shown("Help = one\\\ntwo words"),
        ["Help = one\\", "two ***"]
    );
    assert_eq!(shown("; path C:\\\nPassword = x")[1], "***");
}

#[test]
fn what_follows_a_broken_credential_is_hidden() {
    assert_eq!(
        shown("Password = \"abc\ndef ghi\"\n\"\nListen = x"),
        ["Password = ***", "***", "***", "Listen = x"]
    );
    assert_eq!(
        shown("PrivateKey: |\n  abc\n  d/e=\n")[1..3],
        ["  ***", "  ***"]
    );
    assert_eq!(
        shown("Pem = -----BEGIN\nProc: 4,X\n\nab = cd\n-----END X\nListen = x"),
        ["Pem = ***", "***", "", "***", "***", "Listen = x"]
    );
    assert_eq!(shown("Password = x\n[Server]\nno good")[2], "no ***");
    assert_eq!(shown("Password = x\n; y\nno good")[1..], ["***", "***"]);
}

#[test]
fn places_follow_the_mask() {
    let source = SourceFile::new("f", "Password = äbc\nListen = ä");
    let hidden = source.shown_line(1);
    assert_eq!((hidden.start(0), hidden.end(8)), (0, 8));
    assert_eq!((hidden.start(14), hidden.end(15)), (11, 14));
    assert!(hidden.hides(11) && !hidden.hides(10));
    let open = source.shown_line(2);
    assert_eq!(
        (open.start(10), open.end(99)),
        (9, 11),
        "no half characters"
    );
    assert!(!open.hides(10));
    assert!(source.is_hidden(crate::source::Span::new(12, 13)));
    assert!(!source.is_hidden(crate::source::Span::new(2, 3)));
}

#[test]
fn debugging_shows_no_text() {
    let source = SourceFile::new("name", "Password = hunter");
    assert!(!format!("{source:?}").contains("hunter"));
}

#[test]
fn every_secret_of_connect_is_hidden() {
    for name in [
        "Password",
        "InstrumentationPassword",
        "BindPassword",
        "ClientSecret",
        "SecretKey",
        "APIKey",
        "EncryptionKey",
        "ServerKey",
    ] {
        assert_eq!(line(&format!("{name} = x y")), format!("{name} = ***"));
    }
}
