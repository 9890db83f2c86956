//! Configurations with made-up credentials in every place. It needs nothing else: the tests of the
//! commands read it, too.

/// A configuration with canaries in it.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub text: String,
    pub canaries: Vec<Canary>,
}

/// A word that must not get out.
#[derive(Debug, Clone)]
pub(crate) struct Canary {
    pub word: String,
    /// The setting whose value it is, or a part of; `None` where Connect does not read it.
    pub setting: Option<String>,
}

/// Settings that are credentials, known and unknown ones.
const CREDENTIALS: [(&str, &str); 18] = [
    ("Postgres", "Password"),
    ("Postgres", "InstrumentationPassword"),
    ("SMTP", "Password"),
    ("OAuth2", "ClientSecret"),
    ("LDAP \"a\"", "BindPassword"),
    ("LDAP \"b \\\" c\"", "BindPassword"),
    ("GitCredential", "Password"),
    ("SMTP", "Passwrod"),
    ("Vault", "Pass"),
    ("Vault", "BindPass"),
    ("Vault", "Paswd"),
    ("Vault", "UserPass"),
    ("Vault", "PAT"),
    ("Vault", "AuthHeader"),
    ("Vault", "SigningKey"),
    ("Vault", "DSN"),
    ("Vault \"x\"", "RootToken"),
    ("OTLPEndpoint \"v\"", "ApiToken"),
];

/// Settings that may hold a URL or a connection string; the last two take one without a scheme.
const URL_SETTINGS: [(&str, &str); 5] = [
    ("Server", "RootRedirect"),
    ("RPackageRepository \"CRAN\"", "URL"),
    ("Vault", "Address"),
    ("Postgres", "URL"),
    ("Packages", "HTTPProxy"),
];

/// `@` stands for the canary; the last ones have no scheme.
const URLS: [(&str, &str); 18] = [
    ("postgres://u:", "@h/db"),
    ("postgres://u:1234#", "@h/db"),
    ("postgres://u:1234/", "@h/db"),
    ("postgres://u:1234?", "@h/db"),
    ("postgres://u:p ", "@h/db"),
    ("postgres://u:%", "@h"),
    ("postgres://u:", ""),
    ("postgres://u@h,i:", "/d"),
    ("postgres:///db?user=u&password=", ""),
    ("https://h/?token=", "&x=y"),
    ("https://", "@h/x"),
    ("https://h/b?sv=1&sig=", "%3D"),
    ("https://h/b?code=", ""),
    ("https://h/services/aB3dE6gH9jK2", "/x"),
    ("https://h/#aB3dE6gH9jK2", ""),
    ("host=h password=", " user=u"),
    ("host=h password=a ", ""),
    ("u:", "@h:1"),
];

/// Bytes as choices.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        let at = self.0.next().copied().unwrap_or_default();
        from[usize::from(at) % from.len()]
    }
}

/// Makes a configuration of some bytes, each of which is a choice.
#[must_use]
pub(crate) fn planted(bytes: &[u8]) -> Planted {
    let mut planted = Planted {
        text: "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n".into(),
        canaries: Vec::new(),
    };
    let mut choices = Choices(bytes.iter());
    while choices.0.len() > 0 {
        planted.add(&mut choices);
    }
    planted
}

impl Planted {
    fn canary(&mut self, setting: Option<(&str, &str)>) -> String {
        let word = format!("qx{}vkz", self.canaries.len());
        self.canaries.push(Canary {
            word: word.clone(),
            setting: setting.map(|(section, property)| format!("{section}.{property}")),
        });
        word
    }

    fn add(&mut self, choices: &mut Choices<'_>) {
        let kind = choices.of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let (section, key) = choices.of(&CREDENTIALS);
        let setting = Some((section, key));
        let equals = choices.of(&[" = ", "=", " =\t"]);
        let lines = match kind {
            0 => format!("[{section}]\n{key}{equals}{}\n", self.canary(setting)),
            1 => format!(
                "[{section}]\n{key}{equals}\"; {}\\n# \\\" x\"\n",
                self.canary(setting)
            ),
            2 => format!("[{section}]\n{key}{equals}a\\\n{}\n", self.canary(setting)),
            3 | 4 => self.url(choices, equals),
            // Comments.
            5 => {
                let mark = choices.of(&[" ; ", "#", ";"]);
                let (value, comment) = (self.canary(setting), self.canary(None));
                format!("[{section}]\n{key}{equals}{value}{mark}{comment}\n")
            }
            6 => {
                let (above, value, below) =
                    (self.canary(None), self.canary(setting), self.canary(None));
                format!("[{section}]\n; {above}\n{key}{equals}{value}\n\n# {below}\n")
            }
            7 => {
                let (header, value) = (self.canary(None), self.canary(setting));
                format!("[{section}] ; {header}\n{key}{equals}{value}\n")
            }
            8 => format!(
                "[HTTP]\n; the password is:\n; {}\nNoWarning\n",
                self.canary(None)
            ),
            9 => format!("[HTTP]\n; {key} = {}\nNoWarning\n", self.canary(None)),
            // What does not parse, or parses as something else.
            10 => {
                let broken = choices.of(&["\"", "\\", "\\q"]);
                format!("[{section}]\n{key}{equals}{broken}{}\n", self.canary(None))
            }
            11 => {
                let value = choices.of(&["", "x", "\"", "x \\"]);
                let tail = choices.of(&["", "==", " x", "\"", " = 1"]);
                // Below a whole credential that is a setting like any other.
                let tail = if value == "x" && tail == " = 1" {
                    ""
                } else {
                    tail
                };
                let (first, second) = (self.canary(None), self.canary(None));
                format!("[{section}]\n{key}{equals}{value}\n{first}{tail}\n{second}\n")
            }
            _ => choices
                .of(&[
                    "[HTTP]\nListen = :3939 ; where\n",
                    "[New]\nThing = 1\n",
                    "; nothing\n",
                    "[Postgres]\n",
                    "Odd\n",
                    "[Broken\n",
                ])
                .to_owned(),
        };
        self.text.push_str(&lines);
    }

    fn url(&mut self, choices: &mut Choices<'_>, equals: &str) -> String {
        let (before, behind) = choices.of(&URLS);
        let bare = before == "u:";
        let (section, key) = choices.of(if bare {
            &URL_SETTINGS[2..]
        } else {
            &URL_SETTINGS[..]
        });
        let (open, close) = choices.of(&[("\"", "\""), ("", ""), ("\"", "")]);
        // Outside quotes a number sign begins a comment; without a closing quote nothing is read.
        let read = (open, close) != ("\"", "") && !(open.is_empty() && before.contains('#'));
        let word = self.canary(read.then_some((section, key)));
        format!("[{section}]\n{key}{equals}{open}{before}{word}{behind}{close}\n")
    }

    /// # Errors
    /// A canary is in what was to hold none.
    pub(crate) fn hidden_in(&self, what: &str, output: &str) -> Result<(), String> {
        match self
            .canaries
            .iter()
            .find(|canary| output.contains(&canary.word))
        {
            None => Ok(()),
            Some(canary) => Err(format!(
                "{} is in {what}:\n{output}\n--- of\n{}",
                canary.word, self.text
            )),
        }
    }
}
