//! Writes: a change through the whole server (token, GraphQL, validity, audit row, commit) beside the bare statement on the
//! same table of the same store, with its triggers and indexes. Both reach the disk before they answer.

use std::path::Path;
use std::time::Instant;

use cairn::app::App;
use cairn::config::Config;
use cairn::model::{Author, Role, Viewer};
use cairn::service::accounts::AccountDraft;
use serde_json::{Value, json};

use crate::client::Client;
use crate::cluster::Cluster;
use crate::data::{self, Place};
use crate::postgis::SETTINGS;
use crate::report::{Goal, Report, Row};
use crate::rounds::{Outcome, Rounds, median};
use crate::server::Server;
use crate::writes_floor::{File, Floor, Postgres};

/// Rounds whose median is judged: an odd number.
const ROUNDS: usize = 9;
/// Single changes of one side of a round.
const SINGLES: usize = 60;
/// Locations of one upsert: the most that one request may hold.
pub const BATCH: usize = 1_000;
/// Questions of one side of a round, with a token or without.
const QUESTIONS: usize = 400;
/// Failed sign-ins of each kind. An account has ten that cost nothing, and so has each address thirty.
const SIGN_INS: usize = 24;
/// Failed sign-ins of one account.
const OF_ONE_ACCOUNT: usize = 8;
/// What a change is to reach against the bare statement.
const GOAL: Goal = Goal::AtLeast(0.5);

const PASSWORD: &str = "rain on tin roofs";
const CREATE: &str = "mutation($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }";
const UPSERT: &str =
    "mutation($rows: [UpsertLocationInput!]!) { upsertLocations(layer: \"cities\", input: $rows) { created updated } }";
const LOGIN: &str =
    "mutation($name: String!, $password: String!) { login(username: $name, password: $password) { accessToken } }";

/// A city as both sides write it again, under another external id.
pub struct Sample {
    /// The name.
    pub name: String,
    /// The geometry as the store keeps it.
    pub geom: Vec<u8>,
    /// The text of a JSON object.
    pub properties: String,
}

/// One store under test.
struct Side<'a> {
    name: &'static str,
    server: &'a Server,
    /// What a request of the editor carries.
    bearer: String,
    samples: Vec<Sample>,
    places: Vec<Place>,
}

/// Measures both stores.
pub fn measure(cities: &Path, folder: &Path, report: &mut Report) -> Outcome<()> {
    let file = folder.join("writes.gpkg");
    let url = data::url_of(&file);
    let places = prepare(cities, &url)?;
    let server = start(&url, folder)?;
    let mut floor = File::open(&file)?;
    let side = Side::new("file", &server, floor.samples()?, places)?;
    changes(&side, &mut floor, report)?;
    token(&side, report)?;
    sign_ins(&server, report)?;
    drop(server);

    // The scratch clusters of the tests throw their data away; here it must reach the disk.
    let cluster = Cluster::start(&[SETTINGS, &["fsync = on", "full_page_writes = on"]].concat());
    let url = cluster.url("postgres");
    let places = prepare(cities, &url)?;
    let server = start(&url, folder)?;
    let mut floor = Postgres::connect(&url)?;
    let side = Side::new("PostGIS", &server, floor.samples()?, places)?;
    changes(&side, &mut floor, report)
}

/// The cities, an editor, and accounts that somebody guesses at.
fn prepare(cities: &Path, database: &str) -> Outcome<Vec<Place>> {
    let places = data::load(cities, database)?;
    let config = Config::from_pairs([("DATABASE_URL".to_owned(), database.to_owned())])?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let app = App::build(&config).await?;
        let guessed_at = (0..SIGN_INS.div_ceil(OF_ONE_ACCOUNT)).map(|number| format!("known{number}"));
        for username in guessed_at.chain(["editor".to_owned()]) {
            let draft = AccountDraft { username, password: PASSWORD.into(), role: Role::Editor, grants: Vec::new() };
            app.accounts().create(&Author::of(Viewer::Server), draft).await?;
        }
        app.close().await?;
        Ok(places)
    })
}

fn start(database: &str, folder: &Path) -> Outcome<Server> {
    let question = body("{ layers { key } }", &json!({}))?;
    // The addresses of failed sign-ins are told as by a proxy, or thirty of them would be the end.
    let settings = [("CAIRN_TRUSTED_PROXIES", "127.0.0.0/8")];
    Ok(Server::start_with(database, folder, &question, &settings)?.0)
}

fn body(query: &str, variables: &Value) -> Outcome<Vec<u8>> {
    Ok(serde_json::to_vec(&json!({ "query": query, "variables": variables }))?)
}

/// An answer without an error, as JSON.
fn answered(answer: &[u8]) -> Outcome<Value> {
    let answer: Value = serde_json::from_slice(answer)?;
    if answer.get("errors").is_some() { Err(format!("refused: {answer}").into()) } else { Ok(answer) }
}

impl<'a> Side<'a> {
    fn new(name: &'static str, server: &'a Server, samples: Vec<Sample>, places: Vec<Place>) -> Outcome<Self> {
        if samples.len() < BATCH {
            return Err(format!("only {} cities: an upsert wants {BATCH}", samples.len()).into());
        }
        let login = body(LOGIN, &json!({ "name": "editor", "password": PASSWORD }))?;
        let answer = answered(Client::connect(server.address)?.ask(&login)?)?;
        let token = answer.pointer("/data/login/accessToken").and_then(Value::as_str).ok_or("no token")?;
        Ok(Self { name, server, bearer: format!("Authorization: Bearer {token}\r\n"), samples, places })
    }

    fn editor(&self) -> Outcome<Client> {
        Ok(Client::connect(self.server.address)?.with_headers(&self.bearer))
    }

    fn input(&self, index: usize, external_id: &str, name: &str) -> Outcome<Value> {
        let place = self.places.get(index).ok_or("a city without a place")?;
        let sample = self.samples.get(index).ok_or("no such city")?;
        let properties: Value = serde_json::from_str(&sample.properties)?;
        let geometry = json!({ "type": "Point", "coordinates": [place.0, place.1] });
        Ok(json!({ "externalId": external_id, "name": name, "geometry": geometry, "properties": properties }))
    }

    fn create(&self, index: usize, external_id: &str) -> Outcome<Vec<u8>> {
        let mut input = self.input(index, external_id, &self.samples.get(index).ok_or("no such city")?.name)?;
        if let Some(input) = input.as_object_mut() {
            input.insert("layer".to_owned(), json!("cities"));
        }
        body(CREATE, &json!({ "input": input }))
    }

    fn upsert(&self, prefix: &str, name: &str) -> Outcome<Vec<u8>> {
        let rows = (0..BATCH).map(|index| self.input(index, &format!("{prefix}-{index}"), name));
        body(UPSERT, &json!({ "rows": rows.collect::<Outcome<Vec<_>>>()? }))
    }
}

/// One location a change, and a thousand, new ones and known ones.
fn changes(side: &Side<'_>, floor: &mut dyn Floor, report: &mut Report) -> Outcome<()> {
    let mut client = side.editor()?;
    let mut single = Rounds::default();
    for round in 0..ROUNDS {
        let indices = || (0..SINGLES).map(|number| (number * 7 + round) % BATCH);
        let bodies = indices().enumerate().map(|(number, index)| side.create(index, &format!("c{round}-{number}")));
        let bodies = bodies.collect::<Outcome<Vec<_>>>()?;
        let began = Instant::now();
        for (number, index) in indices().enumerate() {
            floor.insert(side.samples.get(index).ok_or("no such city")?, &format!("f{round}-{number}"))?;
        }
        let of_floor = began.elapsed();
        let began = Instant::now();
        for body in &bodies {
            expect(client.ask(body)?, b"\"createLocation\":{\"location\"")?;
        }
        single
            .push(of_floor.as_secs_f64().recip() * per(SINGLES), began.elapsed().as_secs_f64().recip() * per(SINGLES));
    }
    report.push(Row::rates(format!("{}: createLocation", side.name), single.rates(), GOAL));

    let (mut new, mut known) = (Rounds::default(), Rounds::default());
    for round in 0..ROUNDS {
        for (rounds, wanted, name) in [(&mut new, "\"created\":1000", "new"), (&mut known, "\"updated\":1000", "known")]
        {
            let body = side.upsert(&format!("cu{round}"), name)?;
            let began = Instant::now();
            floor.upsert(&side.samples, &format!("fu{round}"), name)?;
            let of_floor = began.elapsed();
            let began = Instant::now();
            expect(client.ask(&body)?, wanted.as_bytes())?;
            rounds
                .push(of_floor.as_secs_f64().recip() * per(BATCH), began.elapsed().as_secs_f64().recip() * per(BATCH));
        }
    }
    report.push(Row::rates(format!("{}: upsert of 1,000 new locations", side.name), new.rates(), GOAL));
    report.push(Row::rates(format!("{}: upsert of 1,000 known locations", side.name), known.rates(), GOAL));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a round fit")]
fn per(count: usize) -> f64 {
    count as f64
}

fn expect(answer: &[u8], wanted: &[u8]) -> Outcome<()> {
    if answer.windows(wanted.len()).any(|part| part == wanted) {
        return Ok(());
    }
    Err(format!("not {}: {}", String::from_utf8_lossy(wanted), String::from_utf8_lossy(answer)).into())
}

/// The same small question with a token and without, by turns.
fn token(side: &Side<'_>, report: &mut Report) -> Outcome<()> {
    let question = body("{ layers { key } }", &json!({}))?;
    let (mut anonymous, mut signed_in) = (Client::connect(side.server.address)?, side.editor()?);
    let mut added = Vec::new();
    for _ in 0..ROUNDS {
        let time = |client: &mut Client| -> Outcome<f64> {
            let began = Instant::now();
            for _ in 0..QUESTIONS {
                expect(client.ask(&question)?, b"cities")?;
            }
            Ok(began.elapsed().as_secs_f64() / per(QUESTIONS))
        };
        let without = time(&mut anonymous)?;
        added.push(time(&mut signed_in)? - without);
    }
    report.push(Row::time("what a token adds to a question", median(&added), Goal::Seconds(0.1e-3)));
    Ok(())
}

/// Wrong passwords for somebody and for nobody, by turns.
fn sign_ins(server: &Server, report: &mut Report) -> Outcome<()> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for attempt in 0..SIGN_INS {
        let names = [format!("known{}", attempt / OF_ONE_ACCOUNT), format!("nobody{attempt}")];
        for (kind, (times, name)) in [&mut known, &mut unknown].into_iter().zip(names).enumerate() {
            let address = format!("X-Forwarded-For: 192.0.2.{}\r\n", 2 * attempt + kind);
            let mut client = Client::connect(server.address)?.with_headers(&address);
            client.knock()?;
            let body = body(LOGIN, &json!({ "name": name, "password": "rain on tin roof" }))?;
            let began = Instant::now();
            expect(client.ask(&body)?, b"UNAUTHENTICATED")?;
            times.push(began.elapsed().as_secs_f64());
        }
    }
    let apart = (median(&known) - median(&unknown)).abs();
    report.push(Row::time("failed sign-in of a known name", median(&known), Goal::None));
    report.push(Row::time("failed sign-in of an unknown name", median(&unknown), Goal::None));
    report.push(Row::time("how far these two are apart", apart, Goal::Seconds(5e-3)));
    Ok(())
}
