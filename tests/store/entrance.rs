//! Registration, invitations and forgotten passwords, from the mutation through the mail to the sign-in.

use cairn::model::Role;
use cairn::service::first_start::FirstStart;
use serde_json::{Value, json};

use crate::accounts::{LOGIN, PASSWORD, account, code, sign_in, text};
use crate::commands::cairn_with;
use crate::common::server::{ask, ask_as};
use crate::common::smtp::{Manner, SITE, Sink, settings};
use crate::common::{Kind, Server, fixture};

crate::on_both_stores! {
    whoever_registers_proves_the_address_and_signs_in_then,
    a_known_address_gets_the_same_answer_and_a_letter_that_says_so,
    a_forgotten_password_is_chosen_anew_once_and_ends_the_sessions,
    an_address_that_an_administrator_sets_gets_the_letters_and_the_one_before_none,
    an_address_without_an_account_that_may_sign_in_gets_no_letter,
    an_invitation_makes_one_account_with_its_role_and_grants,
    an_administrator_lists_and_withdraws_invitations,
    an_invitation_to_layers_that_are_gone_gives_nothing,
    a_link_is_worth_nothing_late_or_for_another_purpose,
    what_lets_people_in_leaves_rows_without_a_secret,
    an_operator_invites_from_the_shell,
}

/// Chosen by whoever forgot the other one.
const SECOND: &str = "wind in the tall grass";

pub const REGISTER: &str =
    "mutation($u: String!, $e: String!, $p: String!) { register(username: $u, email: $e, password: $p) }";
const VERIFY: &str = "mutation($t: String!) { verifyEmail(token: $t) }";
pub const FORGOT: &str = "mutation($e: String!) { requestPasswordReset(email: $e) }";
const RESET: &str = "mutation($t: String!, $p: String!) { resetPassword(token: $t, newPassword: $p) }";
const INVITE: &str = "mutation($e: String!, $r: Role!, $g: [GrantInput!]) {
    invite(email: $e, role: $r, grants: $g) { link invitation { id email role grants { layer role } } } }";
const ACCEPT: &str =
    "mutation($t: String!, $u: String!, $p: String!) { acceptInvitation(token: $t, username: $u, password: $p) {
    accessToken user { username role email emailVerified grants { layer role } } } }";
const ME: &str = "{ me { username role email emailVerified } }";

/// Asks what must be answered.
async fn done(server: &Server, mutation: &str, variables: Value) -> Value {
    let (_, mut answer) = ask(&server.router, mutation, variables).await;
    assert!(answer["errors"].is_null(), "{mutation} {answer}");
    answer["data"].take()
}

/// Asks what must be refused; gives code and field.
async fn refused(server: &Server, mutation: &str, variables: Value) -> (String, Value) {
    let (_, answer) = ask(&server.router, mutation, variables).await;
    (code(&answer).to_owned(), answer["errors"][0]["extensions"]["field"].clone())
}

async fn open(store: Kind) -> (Server, Sink) {
    let sink = Sink::new(Manner::Takes).await;
    (Server::on(store, &settings("open", &sink.url)).await, sink)
}

async fn register(server: &Server, sink: &mut Sink, username: &str, email: &str) -> String {
    let answer = done(server, REGISTER, json!({ "u": username, "e": email, "p": PASSWORD })).await;
    assert_eq!(answer, json!({ "register": true }));
    sink.mail().await.token("/account/verify")
}

/// An account with an address.
async fn registered(server: &Server, sink: &mut Sink, username: &str, email: &str) {
    let token = register(server, sink, username, email).await;
    done(server, VERIFY, json!({ "t": token })).await;
}

/// Until every letter that was asked for has left.
async fn letters_left(server: &Server) {
    server.app.accounts().entrance().mailer.as_ref().expect("mail").finish().await;
}

async fn root(server: &Server) -> String {
    account(server, "root", Role::Admin).await;
    text(&sign_in(&server.router, "root").await, "accessToken")
}

async fn whoever_registers_proves_the_address_and_signs_in_then(store: Kind) {
    let (server, mut sink) = open(store).await;
    done(&server, REGISTER, json!({ "u": "Anna", "e": "Anna@Example.org", "p": PASSWORD })).await;
    let mail = sink.mail().await;
    assert_eq!(mail.to, ["Anna@Example.org"]);
    assert_eq!((mail.head("To"), mail.head("From")), ("Anna@Example.org", "Maps <maps@example.org>"));
    assert_eq!(mail.head("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(mail.head("Auto-Submitted"), "auto-generated");
    assert!(mail.head("Message-ID").ends_with("@example.org>"), "{}", mail.data);
    let token = mail.token("/account/verify");
    let login = json!({ "u": "anna", "p": PASSWORD });
    assert_eq!(refused(&server, LOGIN, login.clone()).await.0, "UNAUTHENTICATED", "not before the address is proved");
    assert_eq!(server.number("SELECT count(*) FROM account").await, 0);
    assert_eq!(done(&server, VERIFY, json!({ "t": token })).await, json!({ "verifyEmail": true }));
    let access = text(&sign_in(&server.router, "anna").await, "accessToken");
    let me = ask_as(&server.router, &access, ME, json!({})).await.1;
    let wanted = json!({ "username": "Anna", "role": "VIEWER", "email": "Anna@Example.org", "emailVerified": true });
    assert_eq!(me["data"]["me"], wanted);
    assert_eq!(refused(&server, VERIFY, json!({ "t": token })).await, ("UNAUTHENTICATED".into(), json!("token")));
    assert_eq!(server.number("SELECT count(*) FROM one_time_link").await, 0);
}

async fn a_known_address_gets_the_same_answer_and_a_letter_that_says_so(store: Kind) {
    let (server, mut sink) = open(store).await;
    // Two who register with one address: the first to prove it has it, and the other link is worth nothing.
    let first = register(&server, &mut sink, "anna", "anna@example.org").await;
    let second = register(&server, &mut sink, "other", "ANNA@example.org").await;
    done(&server, VERIFY, json!({ "t": first })).await;
    assert_eq!(refused(&server, VERIFY, json!({ "t": second })).await.0, "UNAUTHENTICATED");
    let known = json!({ "u": "third", "e": "anna@EXAMPLE.org", "p": PASSWORD });
    assert_eq!(done(&server, REGISTER, known).await, json!({ "register": true }));
    let mail = sink.mail().await;
    assert_eq!(mail.head("Subject"), "You have an account already");
    assert!(mail.data.contains("You have an account there: anna.") && !mail.data.contains('#'), "{}", mail.data);
    assert_eq!(server.number("SELECT count(*) FROM one_time_link").await, 0);
    let name = json!({ "u": "ANNA", "e": "new@example.org", "p": PASSWORD });
    assert_eq!(refused(&server, REGISTER, name).await, ("CONFLICT".into(), json!("username")));
    // A name that somebody takes while a link is on its way.
    let token = register(&server, &mut sink, "bert", "bert@example.org").await;
    account(&server, "Bert", Role::Viewer).await;
    assert_eq!(refused(&server, VERIFY, json!({ "t": token })).await, ("CONFLICT".into(), json!("username")));
}

async fn a_forgotten_password_is_chosen_anew_once_and_ends_the_sessions(store: Kind) {
    let (server, mut sink) = open(store).await;
    registered(&server, &mut sink, "anna", "anna@example.org").await;
    let access = text(&sign_in(&server.router, "anna").await, "accessToken");
    let mut tokens = Vec::new();
    for _ in 0..2 {
        done(&server, FORGOT, json!({ "e": "Anna@example.org" })).await;
        let mail = sink.mail().await;
        assert_eq!(mail.to, ["anna@example.org"], "as the account has it");
        tokens.push(mail.token("/account/reset"));
    }
    let weak = json!({ "t": tokens[0], "p": "anna anna anna" });
    assert_eq!(refused(&server, RESET, weak).await, ("BAD_INPUT".into(), json!("newPassword")));
    let change = json!({ "t": tokens[0], "p": SECOND });
    assert_eq!(done(&server, RESET, change).await, json!({ "resetPassword": true }));
    let (head, _) = ask_as(&server.router, &access, ME, json!({})).await;
    assert_eq!(head.status.as_u16(), 401, "the session is ended");
    assert_eq!(refused(&server, LOGIN, json!({ "u": "anna", "p": PASSWORD })).await.0, "UNAUTHENTICATED");
    done(&server, LOGIN, json!({ "u": "anna", "p": SECOND })).await;
    for token in tokens {
        let again = json!({ "t": token, "p": "snow on a long road" });
        assert_eq!(refused(&server, RESET, again).await, ("UNAUTHENTICATED".into(), json!("token")));
    }
}

async fn an_address_that_an_administrator_sets_gets_the_letters_and_the_one_before_none(store: Kind) {
    let (server, mut sink) = open(store).await;
    registered(&server, &mut sink, "bert", "bert@example.org").await;
    let id = account(&server, "anna", Role::Viewer).await;
    let root = root(&server).await;
    let update = "mutation($id: ID!, $e: String) { updateUser(id: $id, input: { email: $e }) { email emailVerified } }";
    let set =
        async |email: Value| ask_as(&server.router, &root, update, json!({ "id": id.to_string(), "e": email })).await.1;
    let taken = set(json!("Bert@Example.org")).await;
    assert_eq!((code(&taken), &taken["errors"][0]["extensions"]["field"]), ("CONFLICT", &json!("input.email")));
    assert_eq!(code(&set(json!("anna at home")).await), "BAD_INPUT");
    let mut tokens = Vec::new();
    for email in ["anna@example.org", "Anna@work.example"] {
        let is = set(json!(email)).await;
        assert_eq!(is["data"]["updateUser"], json!({ "email": email, "emailVerified": false }), "{is}");
        done(&server, FORGOT, json!({ "e": email.to_lowercase() })).await;
        let mail = sink.mail().await;
        assert_eq!(mail.to, [email]);
        tokens.push(mail.token("/account/reset"));
    }
    let refusal = refused(&server, RESET, json!({ "t": tokens[0], "p": SECOND })).await;
    assert_eq!(refusal, ("UNAUTHENTICATED".into(), json!("token")), "the address before");
    done(&server, RESET, json!({ "t": tokens[1], "p": SECOND })).await;
    let is = set(json!("Anna@work.example")).await;
    assert_eq!(is["data"]["updateUser"]["emailVerified"], true, "the same address stays proved: {is}");
    assert_eq!(set(Value::Null).await["data"]["updateUser"]["email"], Value::Null);
    let log = "{ auditLog(action: USER_UPDATED) { edges { node { before after } } } }";
    let (_, log) = ask_as(&server.router, &root, log, json!({})).await;
    let wanted = json!([
        { "node": { "before": { "email": "Anna@work.example" }, "after": {} } },
        { "node": { "before": { "email": "anna@example.org" }, "after": { "email": "Anna@work.example" } } },
        { "node": { "before": {}, "after": { "email": "anna@example.org" } } },
    ]);
    assert_eq!(log["data"]["auditLog"]["edges"], wanted, "{log}");
}

async fn an_address_without_an_account_that_may_sign_in_gets_no_letter(store: Kind) {
    let (server, mut sink) = open(store).await;
    registered(&server, &mut sink, "gone", "gone@example.org").await;
    registered(&server, &mut sink, "anna", "anna@example.org").await;
    done(&server, FORGOT, json!({ "e": "gone@example.org" })).await;
    let token = sink.mail().await.token("/account/reset");
    let id = server.number("SELECT id FROM account WHERE username = 'gone'").await;
    let access = root(&server).await;
    let disable = "mutation($id: ID!) { updateUser(id: $id, input: { disabled: true }) { id } }";
    ask_as(&server.router, &access, disable, json!({ "id": id.to_string() })).await;
    assert_eq!(refused(&server, RESET, json!({ "t": token, "p": SECOND })).await.0, "UNAUTHENTICATED");
    for email in ["gone@example.org", "nobody@example.org", "anna@example.org"] {
        assert_eq!(done(&server, FORGOT, json!({ "e": email })).await, json!({ "requestPasswordReset": true }));
    }
    letters_left(&server).await;
    assert_eq!(sink.mail().await.to, ["anna@example.org"]);
    assert_eq!(sink.mails_left(), 0);
}

async fn an_invitation_makes_one_account_with_its_role_and_grants(store: Kind) {
    for is_mailed in [true, false] {
        let mut sink = Sink::new(Manner::Takes).await;
        let with_mail = settings("invite", &sink.url);
        let without_mail = [("CAIRN_REGISTRATION", "invite"), ("CAIRN_PUBLIC_URL", SITE)];
        let server = Server::on(store, if is_mailed { &with_mail } else { &without_mail }).await;
        fixture::load(server.app.locations()).await;
        let access = root(&server).await;
        let grants = json!([{ "layer": "secret", "role": "EDITOR" }]);
        let invite = json!({ "e": "bert@example.org", "r": "EDITOR", "g": grants });
        let answer = ask_as(&server.router, &access, INVITE, invite).await.1;
        let made = &answer["data"]["invite"];
        assert_eq!(
            (&made["invitation"]["email"], &made["invitation"]["grants"]),
            (&json!("bert@example.org"), &grants)
        );
        let token = if is_mailed {
            assert_eq!(made["link"], Value::Null, "{answer}");
            sink.mail().await.token("/account/invitation")
        } else {
            let link = text(made, "link");
            link.strip_prefix(&format!("{SITE}/account/invitation#")).expect("a link").to_owned()
        };
        let accept = |username: &str| json!({ "t": token, "u": username, "p": PASSWORD });
        assert_eq!(refused(&server, ACCEPT, accept("ROOT")).await, ("CONFLICT".into(), json!("username")));
        let (one, other) =
            tokio::join!(ask(&server.router, ACCEPT, accept("bert")), ask(&server.router, ACCEPT, accept("bertha")));
        let (good, bad) = if one.1["errors"].is_null() { (one.1, other.1) } else { (other.1, one.1) };
        assert_eq!(code(&bad), "UNAUTHENTICATED", "{good} {bad}");
        let user = &good["data"]["acceptInvitation"]["user"];
        assert_eq!((&user["role"], &user["grants"]), (&json!("EDITOR"), &grants), "{good}");
        assert_eq!((&user["email"], &user["emailVerified"]), (&json!("bert@example.org"), &json!(is_mailed)));
        let access_of_bert = text(&good["data"]["acceptInvitation"], "accessToken");
        assert_eq!(ask_as(&server.router, &access_of_bert, ME, json!({})).await.1["data"]["me"]["role"], "EDITOR");
        let again = json!({ "e": "BERT@example.org", "r": "VIEWER" });
        let answer = ask_as(&server.router, &access, INVITE, again).await.1;
        assert_eq!((code(&answer), &answer["errors"][0]["extensions"]["field"]), ("CONFLICT", &json!("email")));
    }
}

async fn an_administrator_lists_and_withdraws_invitations(store: Kind) {
    let server = Server::on(store, &[("CAIRN_REGISTRATION", "invite")]).await;
    let access = root(&server).await;
    let mut made = Vec::new();
    for (email, role) in [("a@example.org", "VIEWER"), ("b@example.org", "ADMIN")] {
        let answer = ask_as(&server.router, &access, INVITE, json!({ "e": email, "r": role })).await.1;
        made.push(answer["data"]["invite"].clone());
    }
    assert!(text(&made[0], "link").starts_with("http://127.0.0.1:8080/account/invitation#cairni_"), "{made:?}");
    let list = "{ invitations { email role grants { layer } } }";
    let listed = ask_as(&server.router, &access, list, json!({})).await.1;
    let wanted = json!([
        { "email": "b@example.org", "role": "ADMIN", "grants": [] },
        { "email": "a@example.org", "role": "VIEWER", "grants": [] },
    ]);
    assert_eq!(listed["data"]["invitations"], wanted);
    let withdraw = "mutation($id: ID!) { withdrawInvitation(id: $id) }";
    let id = json!({ "id": made[1]["invitation"]["id"] });
    assert_eq!(ask_as(&server.router, &access, withdraw, id.clone()).await.1["data"]["withdrawInvitation"], true);
    assert_eq!(code(&ask_as(&server.router, &access, withdraw, id).await.1), "NOT_FOUND");
    let link = text(&made[1], "link");
    let token = link.split_once('#').expect("a token").1;
    let accept = json!({ "t": token, "u": "bert", "p": PASSWORD });
    assert_eq!(refused(&server, ACCEPT, accept).await, ("UNAUTHENTICATED".into(), json!("token")));
    let left = ask_as(&server.router, &access, list, json!({})).await.1;
    assert_eq!(left["data"]["invitations"].as_array().map(Vec::len), Some(1));
}

async fn an_invitation_to_layers_that_are_gone_gives_nothing(store: Kind) {
    let server = Server::on(store, &[("CAIRN_REGISTRATION", "invite")]).await;
    fixture::load(server.app.locations()).await;
    let access = root(&server).await;
    let grants = json!([{ "layer": "secret", "role": "VIEWER" }]);
    let invite = json!({ "e": "a@example.org", "r": "VIEWER", "g": grants });
    let link = text(&ask_as(&server.router, &access, INVITE, invite).await.1["data"]["invite"], "link");
    server.write_outside("DELETE FROM location WHERE layer_id = (SELECT id FROM layer WHERE key = 'secret')").await;
    server.write_outside("DELETE FROM layer WHERE key = 'secret'").await;
    let accept = json!({ "t": link.split_once('#').expect("a token").1, "u": "bert", "p": PASSWORD });
    assert_eq!(refused(&server, ACCEPT, accept).await.0, "UNAUTHENTICATED", "no role everywhere in place of one layer");
    assert_eq!(server.number("SELECT count(*) FROM account").await, 1);
}

async fn a_link_is_worth_nothing_late_or_for_another_purpose(store: Kind) {
    let (server, mut sink) = open(store).await;
    let FirstStart::Link(set_up) = server.app.accounts().first_start(None).await.expect("a start") else {
        panic!("no link")
    };
    registered(&server, &mut sink, "anna", "anna@example.org").await;
    let access = root(&server).await;
    let verify = register(&server, &mut sink, "bert", "bert@example.org").await;
    done(&server, FORGOT, json!({ "e": "anna@example.org" })).await;
    let reset = sink.mail().await.token("/account/reset");
    ask_as(&server.router, &access, INVITE, json!({ "e": "cora@example.org", "r": "ADMIN" })).await;
    let invitation = sink.mail().await.token("/account/invitation");
    let set_up_admin = "mutation($t: String!, $u: String!, $p: String!) {
        setUpAdmin(token: $t, username: $u, password: $p) { expiresAt } }";
    let doors = [(set_up_admin, &set_up.0), (VERIFY, &verify), (RESET, &reset), (ACCEPT, &invitation)];
    let redeem = async |door: &str, token: &str| {
        let variables = match door {
            VERIFY => json!({ "t": token }),
            RESET => json!({ "t": token, "p": SECOND }),
            _ => json!({ "t": token, "u": "dora", "p": SECOND }),
        };
        refused(&server, door, variables).await.0
    };
    for (door, own) in doors {
        for (_, token) in doors.iter().filter(|(_, token)| *token != own) {
            assert_eq!(redeem(door, token).await, "UNAUTHENTICATED", "{door} {token}");
            // The right beginning does not make it the right token.
            let prefix = own.split_once('_').expect("a prefix").0;
            let dressed = format!("{prefix}_{}", token.split_once('_').expect("a prefix").1);
            assert_eq!(redeem(door, &dressed).await, "UNAUTHENTICATED", "{door} {dressed}");
        }
        for other in ["", "cairn_", "some text"] {
            assert_eq!(redeem(door, other).await, "UNAUTHENTICATED", "{door} {other}");
        }
    }
    // A millisecond after the longest of them.
    server.write_outside("UPDATE one_time_link SET expires_ms = expires_ms - 604800001").await;
    for (door, own) in doors {
        assert_eq!(redeem(door, own).await, "UNAUTHENTICATED", "{door} late");
    }
    server.write_outside("UPDATE one_time_link SET expires_ms = expires_ms + 604800001").await;
    for (door, own) in &doors[1..] {
        assert_eq!(redeem(door, own).await, "", "{door} in time");
    }
}

async fn what_lets_people_in_leaves_rows_without_a_secret(store: Kind) {
    let (server, mut sink) = open(store).await;
    let access = root(&server).await;
    let mut secrets = vec![PASSWORD.to_owned(), SECOND.to_owned(), "argon2".to_owned(), "hash".to_owned()];
    secrets.push(register(&server, &mut sink, "anna", "anna@example.org").await);
    done(&server, VERIFY, json!({ "t": secrets[4] })).await;
    done(&server, FORGOT, json!({ "e": "anna@example.org" })).await;
    secrets.push(sink.mail().await.token("/account/reset"));
    done(&server, RESET, json!({ "t": secrets[5], "p": SECOND })).await;
    ask_as(&server.router, &access, INVITE, json!({ "e": "bert@example.org", "r": "EDITOR" })).await;
    secrets.push(sink.mail().await.token("/account/invitation"));
    done(&server, ACCEPT, json!({ "t": secrets[6], "u": "bert", "p": PASSWORD })).await;
    let answer = ask_as(&server.router, &access, INVITE, json!({ "e": "cora@example.org", "r": "EDITOR" })).await.1;
    let id = text(&answer["data"]["invite"]["invitation"], "id");
    let withdraw = "mutation($id: ID!) { withdrawInvitation(id: $id) }";
    ask_as(&server.router, &access, withdraw, json!({ "id": id })).await;
    secrets.push(sink.mail().await.token("/account/invitation"));
    let question = "{ auditLog(first: 100) { edges { node { actor action target before after } } } }";
    let log = ask_as(&server.router, &access, question, json!({})).await.1;
    let rows = log["data"]["auditLog"]["edges"].as_array().expect("rows");
    let told: Vec<_> = rows
        .iter()
        .rev()
        .map(|row| (row["node"]["action"].as_str().expect("a word"), row["node"]["after"]["email"].as_str()))
        .collect();
    let wanted = [
        ("USER_CREATED", None),
        ("USER_REGISTERED", Some("anna@example.org")),
        ("PASSWORD_RESET", None),
        ("INVITATION_CREATED", Some("bert@example.org")),
        ("INVITATION_ACCEPTED", Some("bert@example.org")),
        ("INVITATION_CREATED", Some("cora@example.org")),
        ("INVITATION_WITHDRAWN", None),
    ];
    assert_eq!(told, wanted);
    for secret in secrets {
        assert!(!log.to_string().contains(&secret), "{secret} in {log}");
        // Passwords and tokens stand nowhere in the tables either; a hash of a password does, and is called so.
        let is_text_of_ours = ["argon2", "hash"].contains(&secret.as_str());
        let links = format!("SELECT count(*) FROM one_time_link WHERE details LIKE '%{secret}%' OR hash = '{secret}'");
        assert!(is_text_of_ours || server.number(&links).await == 0, "{secret}");
    }
}

async fn an_operator_invites_from_the_shell(store: Kind) {
    let server = Server::on(store, &[("CAIRN_REGISTRATION", "invite")]).await;
    let invite = ["user", "invite", "anna@example.org", "--role", "editor"];
    let closed = cairn_with(&server, &[], &invite, "");
    let complaint = String::from_utf8_lossy(&closed.stderr).into_owned();
    assert!(!closed.status.success() && complaint.contains("CAIRN_REGISTRATION=invite"), "{complaint}");
    let settings_of_site = [("CAIRN_REGISTRATION", "invite"), ("CAIRN_PUBLIC_URL", SITE)];
    let printed = cairn_with(&server, &settings_of_site, &invite, "");
    let printed = String::from_utf8(printed.stdout).expect("text");
    let token = printed.trim_end().split_once(&format!("{SITE}/account/invitation#")).expect("a link").1;
    let made = done(&server, ACCEPT, json!({ "t": token, "u": "anna", "p": PASSWORD })).await;
    assert_eq!(made["acceptInvitation"]["user"]["role"], "EDITOR");
    // The process ends when the letter has left.
    let mut sink = Sink::new(Manner::Takes).await;
    let settings = settings("invite", &sink.url).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let printed = tokio::task::spawn_blocking(move || {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let output = cairn_with(&server, &settings, &["user", "invite", "bert@example.org"], "");
        String::from_utf8(output.stdout).expect("text")
    });
    assert_eq!(sink.mail().await.to, ["bert@example.org"]);
    assert_eq!(printed.await.expect("an end"), "an invitation goes to bert@example.org\n");
}
