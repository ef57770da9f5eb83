//! Every field of the roots against every kind of caller. The list of fields comes from the schema: a new field without a row
//! here fails the test.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, ServiceDocument, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use axum::http::StatusCode;
use cairn::model::Role;
use serde_json::json;

use crate::accounts::{account, code, sign_in, text};
use crate::api_tokens::make;
use crate::common::Server;
use crate::common::server::ask_as;
use crate::common::smtp::settings;
use crate::common::socket::Listening;
use crate::forged::Forge;

/// What a field asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Nothing,
    /// A secret among its arguments, which the generated ones are not.
    Secret,
    /// An account, by whatever token.
    Account,
    /// Somebody who signed in; an API token is not enough.
    Person,
    /// Somebody who signed in, or an administrator by whatever token may.
    PersonOrAdmin,
    /// An editor; an API token must name `locations:write`.
    Editor,
    /// An editor; an API token must name `import`.
    Importer,
    /// An administrator; an API token must name `admin`.
    Admin,
}

const TABLE: &[(&str, Needs)] = &[
    ("Query.location", Needs::Nothing),
    ("Query.locations", Needs::Nothing),
    ("Query.locationsGeoJson", Needs::Nothing),
    ("Query.locationClusters", Needs::Nothing),
    ("Query.locationStats", Needs::Nothing),
    ("Query.search", Needs::Nothing),
    ("Query.layer", Needs::Nothing),
    ("Query.layers", Needs::Nothing),
    ("Query.me", Needs::Nothing),
    ("Query.users", Needs::Admin),
    ("Query.apiTokens", Needs::Account),
    ("Query.sessions", Needs::Account),
    ("Query.entrance", Needs::Nothing),
    ("Query.invitations", Needs::Admin),
    ("Query.auditLog", Needs::Admin),
    ("Query.changeCursor", Needs::Nothing),
    ("Query.serverInfo", Needs::Admin),
    ("Query.importJob", Needs::Account),
    ("Query.importJobs", Needs::Account),
    ("Query.exportJob", Needs::Account),
    ("Query.exportJobs", Needs::Account),
    ("Mutation.exportLocations", Needs::Account),
    ("Mutation.cancelExport", Needs::Account),
    ("Mutation.deleteExport", Needs::Account),
    ("Mutation.importLocations", Needs::Importer),
    ("Mutation.cancelImport", Needs::Importer),
    ("Mutation.undoImport", Needs::Importer),
    ("Mutation.createLocation", Needs::Editor),
    ("Mutation.updateLocation", Needs::Editor),
    ("Mutation.deleteLocation", Needs::Editor),
    ("Mutation.upsertLocations", Needs::Editor),
    ("Mutation.deleteLocations", Needs::Editor),
    ("Mutation.createLayer", Needs::Admin),
    ("Mutation.updateLayer", Needs::Admin),
    ("Mutation.deleteLayer", Needs::Admin),
    ("Mutation.login", Needs::Secret),
    ("Mutation.refreshToken", Needs::Secret),
    ("Mutation.setUpAdmin", Needs::Secret),
    ("Mutation.logout", Needs::Person),
    ("Mutation.changePassword", Needs::Person),
    ("Mutation.createUser", Needs::Admin),
    ("Mutation.updateUser", Needs::Admin),
    ("Mutation.setPassword", Needs::Admin),
    ("Mutation.deleteUser", Needs::Admin),
    ("Mutation.createApiToken", Needs::Person),
    ("Mutation.revokeApiToken", Needs::Account),
    ("Mutation.revokeSession", Needs::PersonOrAdmin),
    ("Mutation.revokeSessions", Needs::PersonOrAdmin),
    ("Mutation.register", Needs::Nothing),
    ("Mutation.verifyEmail", Needs::Secret),
    ("Mutation.invite", Needs::Admin),
    ("Mutation.withdrawInvitation", Needs::Admin),
    ("Mutation.acceptInvitation", Needs::Secret),
    ("Mutation.requestPasswordReset", Needs::Nothing),
    ("Mutation.resetPassword", Needs::Secret),
];

/// The same of what is asked over a socket.
const SUBSCRIPTIONS: &[(&str, Needs)] =
    &[("locationChanged", Needs::Nothing), ("importProgress", Needs::Account), ("exportProgress", Needs::Account)];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anonymous,
    Viewer,
    Editor,
    Admin,
    /// Signed out.
    Revoked,
    /// With an access token of an hour ago.
    Expired,
    /// With a token of an administrator that names no scope.
    ReadingToken,
    /// With a token of an administrator that names a layer.
    LayerToken,
    /// With a token of an editor that names `admin`.
    EditorsAdminToken,
    /// With a token of an administrator that names `admin`.
    AdminToken,
}

const EVERYBODY: [Who; 10] = [
    Who::Anonymous,
    Who::Viewer,
    Who::Editor,
    Who::Admin,
    Who::Revoked,
    Who::Expired,
    Who::ReadingToken,
    Who::LayerToken,
    Who::EditorsAdminToken,
    Who::AdminToken,
];

/// The code of a refusal, or nothing where the caller gets past the guards.
fn wanted(needs: Needs, who: Who) -> &'static str {
    let is_token = matches!(who, Who::ReadingToken | Who::LayerToken | Who::EditorsAdminToken | Who::AdminToken);
    let is_refused = match needs {
        Needs::Nothing | Needs::Secret | Needs::Account => false,
        Needs::Person => is_token,
        Needs::PersonOrAdmin => is_token && who != Who::AdminToken,
        Needs::Editor | Needs::Importer => !matches!(who, Who::Editor | Who::Admin | Who::LayerToken),
        Needs::Admin => !matches!(who, Who::Admin | Who::AdminToken),
    };
    if matches!(who, Who::Revoked | Who::Expired) || needs == Needs::Secret {
        return "UNAUTHENTICATED";
    }
    if who == Who::Anonymous && needs != Needs::Nothing {
        return "UNAUTHENTICATED";
    }
    if is_refused { "FORBIDDEN" } else { "" }
}

struct Schema {
    types: HashMap<String, TypeDefinition>,
}

impl Schema {
    fn read() -> Self {
        let document: ServiceDocument = parse_schema(cairn::graphql::schema::sdl()).expect("the schema");
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.to_string(), definition.node)),
            _ => None,
        });
        Self { types: types.collect() }
    }

    fn fields(&self, root: &str) -> Vec<&FieldDefinition> {
        match &self.types[root].kind {
            TypeKind::Object(object) => object.fields.iter().map(|field| &field.node).collect(),
            other => panic!("{root} is {other:?}"),
        }
    }

    /// An operation with just this field, every argument that must be given, and the least selection.
    fn operation(&self, root: &str, field: &FieldDefinition) -> String {
        let arguments = self.values(field.arguments.iter().map(|argument| &argument.node));
        let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
        let selection = match &self.types.get(base(&field.ty.node)).map(|of| &of.kind) {
            Some(TypeKind::Object(_)) => " { __typename }",
            _ => "",
        };
        format!("{} {{ {}{arguments}{selection} }}", root.to_lowercase(), field.name.node)
    }

    fn values<'a>(&self, inputs: impl Iterator<Item = &'a InputValueDefinition>) -> String {
        let needed = inputs.filter(|input| !input.ty.node.nullable && input.default_value.is_none());
        let values = needed.map(|input| format!("{}: {}", input.name.node, self.value(&input.ty.node)));
        values.collect::<Vec<_>>().join(", ")
    }

    fn value(&self, of: &Type) -> String {
        let name = match &of.base {
            BaseType::List(inner) => return format!("[{}]", self.value(inner)),
            BaseType::Named(name) => name.as_str(),
        };
        match (name, self.types.get(name).map(|of| &of.kind)) {
            ("Int" | "Float", _) => "1".to_owned(),
            ("Boolean", _) => "true".to_owned(),
            ("ID", _) => "\"4711\"".to_owned(),
            (_, Some(TypeKind::Enum(words))) => words.values[0].node.value.node.to_string(),
            (_, Some(TypeKind::InputObject(input))) => {
                format!("{{ {} }}", self.values(input.fields.iter().map(|field| &field.node)))
            }
            _ => "\"some text\"".to_owned(),
        }
    }
}

fn base(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => base(inner),
    }
}

/// A new credential for each question: some questions end it.
async fn credential(server: &Server, forge: &Forge, who: Who) -> String {
    let access = async |name: &str| text(&sign_in(&server.router, name).await, "accessToken");
    let scoped = async |name: &str, scopes: &[&str]| text(&make(server, &access(name).await, scopes).await, "token");
    match who {
        Who::Anonymous => String::new(),
        Who::Viewer => access("viewer").await,
        Who::Editor => access("editor").await,
        Who::Admin => access("root").await,
        Who::Revoked => {
            let token = access("root").await;
            ask_as(&server.router, &token, "mutation { logout }", json!({})).await;
            token
        }
        Who::Expired => {
            let mut claims = forge.claims.clone();
            for name in ["iat", "nbf", "exp"] {
                claims[name] = json!(claims[name].as_i64().expect("a number") - 3600);
            }
            forge.token(&forge.head, &claims)
        }
        Who::ReadingToken => scoped("root", &[]).await,
        Who::LayerToken => scoped("root", &["locations:write", "import", "layer:other"]).await,
        Who::EditorsAdminToken => scoped("editor", &["admin"]).await,
        Who::AdminToken => scoped("root", &["admin"]).await,
    }
}

#[tokio::test]
async fn every_field_of_the_roots_lets_in_whom_the_table_names_and_nobody_else() {
    // With all doors open, so that rights and not settings refuse; the generated addresses are none.
    let server = Server::with_settings(&settings("open", "smtp://127.0.0.1:1")).await;
    for (name, role) in [("viewer", Role::Viewer), ("editor", Role::Editor), ("root", Role::Admin)] {
        account(&server, name, role).await;
    }
    let forge = Forge::of(&server, "root").await;
    let schema = Schema::read();
    let mut rows: HashMap<&str, Needs> = TABLE.iter().copied().collect();
    for root in ["Query", "Mutation"] {
        for field in schema.fields(root) {
            let name = format!("{root}.{}", field.name.node);
            let needs =
                rows.remove(name.as_str()).unwrap_or_else(|| panic!("{name} has no row in the table of rights"));
            let operation = schema.operation(root, field);
            for who in EVERYBODY {
                let token = credential(&server, &forge, who).await;
                let (head, answer) = ask_as(&server.router, &token, &operation, json!({})).await;
                // The tokens of this round leave room for those of the next.
                server.write_outside("DELETE FROM api_token").await;
                let is_dead = matches!(who, Who::Revoked | Who::Expired);
                assert_eq!(head.status == StatusCode::UNAUTHORIZED, is_dead, "{who:?} {operation} {answer}");
                let refusal = Some(code(&answer)).filter(|code| ["UNAUTHENTICATED", "FORBIDDEN"].contains(code));
                assert_eq!(refusal.unwrap_or_default(), wanted(needs, who), "{who:?} {operation} {answer}");
                assert_ne!(code(&answer), "INTERNAL", "{who:?} {operation} {answer}");
                assert_ne!(code(&answer), "RATE_LIMITED", "{who:?} {operation} {answer}");
            }
        }
    }
    assert!(rows.is_empty(), "the schema has no {:?}", rows.keys());
}

#[tokio::test]
async fn every_subscription_lets_in_whom_the_table_names_and_nobody_else() {
    let server = Server::empty().await;
    for (name, role) in [("viewer", Role::Viewer), ("editor", Role::Editor), ("root", Role::Admin)] {
        account(&server, name, role).await;
    }
    let forge = Forge::of(&server, "root").await;
    let listening = Listening::start(server.router.clone()).await;
    let schema = Schema::read();
    let fields = schema.fields("Subscription");
    let names: Vec<_> = fields.iter().map(|field| field.name.node.as_str()).collect();
    assert_eq!(names, SUBSCRIPTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (field, (_, needs)) in fields.into_iter().zip(SUBSCRIPTIONS) {
        for who in EVERYBODY {
            let token = credential(&server, &forge, who).await;
            if matches!(who, Who::Revoked | Who::Expired) {
                let mut client = listening.open(&[]).await.expect("a socket");
                let payload = json!({ "Authorization": format!("Bearer {token}") });
                client.say(&json!({ "type": "connection_init", "payload": payload })).await;
                assert_eq!(client.closed().await, 4403, "{who:?}");
                continue;
            }
            let mut client = listening.client(&token).await;
            client.subscribe("1", &schema.operation("Subscription", field), json!({})).await;
            if *needs == Needs::Nothing {
                // It goes on without a word: its id is taken.
                client.subscribe("1", "{ __typename }", json!({})).await;
                assert_eq!(client.closed().await, 4409, "{who:?}");
            } else {
                // The generated id is none.
                let wanted = Some(wanted(*needs, who)).filter(|code| !code.is_empty()).unwrap_or("NOT_FOUND");
                assert_eq!(client.refusal("1").await, wanted, "{who:?}");
            }
        }
    }
}
