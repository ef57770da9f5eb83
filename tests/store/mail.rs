//! What becomes of mail when the SMTP server, or whoever asks, behaves badly.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cairn::mail::{Letter, Mailer, Patience};
use cairn::model::Role;
use cairn::model::email::EmailAddress;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::subscriber::DefaultGuard;

use crate::accounts::{PASSWORD, account, code, sign_in, text};
use crate::common::Server;
use crate::common::server::{ask, ask_as};
use crate::common::smtp::{Event, Manner, Sink, mail_settings, settings};
use crate::entrance::{FORGOT, REGISTER};

/// Of tests: what would take minutes takes moments.
const SHORT: Patience = Patience {
    conversation: Duration::from_millis(300),
    pauses: &[Duration::from_millis(1), Duration::from_millis(2)],
};

/// The log of this thread from here on, line by line.
struct Log {
    lines: UnboundedReceiver<String>,
    _guard: DefaultGuard,
}

#[derive(Clone)]
struct Lines(Arc<Mutex<UnboundedSender<String>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.lock().expect("no panic").send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen() -> Self {
        let (sender, lines) = unbounded_channel();
        let lines_of = Lines(Arc::new(Mutex::new(sender)));
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("cairn=info")
            .with_ansi(false)
            .with_writer(move || lines_of.clone())
            .finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The next line about mail.
    async fn line(&mut self) -> String {
        loop {
            let line = tokio::time::timeout(Duration::from_secs(30), self.lines.recv()).await;
            let line = line.expect("a line comes").expect("the log lives");
            if line.contains("a mail was not sent") {
                return line;
            }
        }
    }
}

fn letter(to: &str) -> Letter {
    Letter::password_reset(EmailAddress::parse(to).expect("an address"), "anna", "https://maps.example.org/secret")
}

fn register(email: &str) -> Value {
    json!({ "u": "anna", "e": email, "p": PASSWORD })
}

#[tokio::test]
async fn an_smtp_server_that_refuses_hangs_or_is_down_changes_no_answer() {
    for manner in [Some(Manner::Refuses), Some(Manner::Hangs), None] {
        let mut log = Log::listen();
        let mut sink = Sink::new(manner.unwrap_or(Manner::Takes)).await;
        let url = if manner.is_some() { sink.url.clone() } else { Sink::nobody().await };
        let server = Server::with_settings(&settings("open", &url)).await;
        let answer = ask(&server.router, REGISTER, register("anna@example.org")).await.1;
        assert_eq!(answer, json!({ "data": { "register": true } }), "{manner:?}");
        if manner.is_some() {
            // The answer is there, and only now the conversation begins.
            assert!(matches!(sink.event().await, Event::Connected), "{manner:?}");
        }
        if manner == Some(Manner::Refuses) {
            let line = log.line().await;
            assert!(line.contains("WARN") && line.contains("the SMTP server answered 550"), "{line}");
            assert!(!line.contains("anna") && !line.contains("cairnv_"), "{line}");
        }
    }
}

#[tokio::test]
async fn a_failure_is_logged_once_without_the_address_and_without_what_the_server_said() {
    let hanging = Sink::new(Manner::Hangs).await;
    let refusing = Sink::new(Manner::Refuses).await;
    let cases = [
        (Sink::nobody().await, "the SMTP server cannot be reached"),
        (hanging.url.clone(), "the SMTP server does not answer in time"),
        (refusing.url.clone(), "the SMTP server answered 550"),
    ];
    for (url, cause) in cases {
        let mut log = Log::listen();
        let mailer = Mailer::new(&mail_settings(&url), SHORT).expect("a mailer");
        mailer.seat().expect("a seat").send(async { Ok(Some(letter("anna@example.org"))) });
        mailer.finish().await;
        let line = log.line().await;
        assert!(line.contains(cause), "{line}");
        for secret in ["anna", "example.org", "secret", "no such person"] {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(log.lines.try_recv().is_err(), "once");
    }
}

#[tokio::test]
async fn a_mail_that_is_delayed_is_sent_again_so_many_times_and_no_more() {
    for (delayed, is_sent) in [(0, true), (2, true), (3, false)] {
        let mut sink = Sink::new(Manner::Delays(delayed)).await;
        let mailer = Mailer::new(&mail_settings(&sink.url), SHORT).expect("a mailer");
        mailer.seat().expect("a seat").send(async { Ok(Some(letter("anna@example.org"))) });
        mailer.finish().await;
        assert_eq!(sink.mails_left(), usize::from(is_sent), "{delayed}");
    }
}

#[tokio::test]
async fn letters_that_wait_are_bounded_and_all_of_them_leave() {
    let mut sink = Sink::new(Manner::Takes).await;
    let mailer = Mailer::new(&mail_settings(&sink.url), Patience::default()).expect("a mailer");
    let seats: Vec<_> = std::iter::from_fn(|| mailer.seat().ok()).take(1_000).collect();
    assert_eq!(seats.len(), 256);
    assert_eq!(mailer.seat().expect_err("full").retry_after_seconds(), Some(30));
    for seat in seats {
        seat.send(async { Ok(Some(letter("anna@example.org"))) });
    }
    mailer.finish().await;
    assert_eq!(sink.mails_left(), 256);
    mailer.seat().expect("room again");
}

#[tokio::test]
async fn an_address_that_would_break_the_head_of_a_mail_is_refused() {
    let mut sink = Sink::new(Manner::Takes).await;
    let server = Server::with_settings(&settings("open", &sink.url)).await;
    account(&server, "root", Role::Admin).await;
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let invite = "mutation($e: String!) { invite(email: $e, role: ADMIN) { link } }";
    for email in [
        "anna@example.org\r\nBcc: all@example.org",
        "anna@example.org\nSubject: hello",
        "anna\r\n@example.org",
        "anna@example.org, all@example.org",
        "Anna <anna@example.org>",
        "<anna@example.org>",
        "anna@example.org>\r\nRCPT TO:<all@example.org",
        "anna",
        "",
    ] {
        for (operation, variables) in
            [(REGISTER, register(email)), (FORGOT, json!({ "e": email })), (invite, json!({ "e": email }))]
        {
            let (_, answer) = ask_as(&server.router, &root, operation, variables).await;
            let field = &answer["errors"][0]["extensions"]["field"];
            assert_eq!((code(&answer), field), ("BAD_INPUT", &json!("email")), "{email:?} {answer}");
        }
    }
    server.app.accounts().entrance().mailer.as_ref().expect("mail").finish().await;
    assert_eq!(sink.mails_left(), 0);
}

#[tokio::test]
async fn a_mailbox_gets_three_mails_and_then_fewer_whether_it_is_known_or_not() {
    let mut sink = Sink::new(Manner::Takes).await;
    let server = Server::with_settings(&settings("open", &sink.url)).await;
    for email in ["anna@example.org", "bert@example.org"] {
        let upper = email.to_uppercase();
        for asked in [email, &upper, email] {
            let answer = ask(&server.router, FORGOT, json!({ "e": asked })).await.1;
            assert_eq!(answer["data"]["requestPasswordReset"], true, "{answer}");
        }
        for (operation, variables) in [(FORGOT, json!({ "e": upper })), (REGISTER, register(email))] {
            let (head, answer) = ask(&server.router, operation, variables).await;
            assert_eq!(code(&answer), "RATE_LIMITED", "{answer}");
            assert!(head.headers.contains_key("retry-after"), "{answer}");
        }
    }
    // However many mailboxes one client names.
    let mut limited = 0;
    for number in 0..40 {
        let answer = ask(&server.router, FORGOT, json!({ "e": format!("{number}@example.org") })).await.1;
        limited += usize::from(code(&answer) == "RATE_LIMITED");
    }
    assert!(limited >= 10, "{limited}");
    assert_eq!(sink.mails_left(), 0, "nobody has an account");
    account(&server, "root", Role::Admin).await;
    sign_in(&server.router, "root").await;
}

#[tokio::test]
async fn what_the_operator_has_not_opened_is_refused() {
    let sink = Sink::new(Manner::Takes).await;
    let invite = "mutation { invite(email: \"anna@example.org\", role: VIEWER) { link } }";
    let accept = "mutation { acceptInvitation(token: \"t\", username: \"anna\", password: \"p\") { expiresAt } }";
    let verify = "mutation { verifyEmail(token: \"t\") }";
    let closed = &settings("closed", &sink.url)[..];
    let invited = &settings("invite", &sink.url)[..];
    let open = &settings("open", &sink.url)[..];
    // For each operation: what it says when closed, by invitation and open, and last without any setting.
    let table = [
        (REGISTER, ["FORBIDDEN", "FORBIDDEN", "", "FORBIDDEN"]),
        (verify, ["FORBIDDEN", "FORBIDDEN", "UNAUTHENTICATED", "FORBIDDEN"]),
        (invite, ["FORBIDDEN", "", "", "FORBIDDEN"]),
        (accept, ["FORBIDDEN", "UNAUTHENTICATED", "UNAUTHENTICATED", "FORBIDDEN"]),
        (FORGOT, ["", "", "", "FORBIDDEN"]),
    ];
    let entrances = [("CLOSED", true), ("INVITE", true), ("OPEN", true), ("CLOSED", false)];
    for (at, chosen) in [closed, invited, open, &[]].into_iter().enumerate() {
        let server = Server::with_settings(chosen).await;
        account(&server, "root", Role::Admin).await;
        let root = text(&sign_in(&server.router, "root").await, "accessToken");
        for (operation, wanted) in table {
            let answer = ask_as(&server.router, &root, operation, register("anna@example.org")).await.1;
            assert_eq!(code(&answer), wanted[at], "{chosen:?} {operation} {answer}");
        }
        let entrance = server.data("{ entrance { registration sendsMail } }", json!({})).await;
        let (registration, sends_mail) = entrances[at];
        assert_eq!(entrance["entrance"], json!({ "registration": registration, "sendsMail": sends_mail }));
    }
}
