//! Rows that lose something on every way but a careful one.

use cairn::geometry::{geojson, wkb, wkt};
use cairn::model::NewLocation;
use serde_json::json;

use crate::common::{Kind, Server};

/// The number of the location `next`, and how often the feed speaks of it.
pub const NEXT: &str = "SELECT id, (SELECT count(*) FROM location_change AS c WHERE c.location_id = l.id)
    FROM location AS l WHERE external_id = 'next'";

/// Generated rows beside the odd ones: three batches.
const PLAIN_ROWS: usize = 5_000;

/// Shapes that the gate lets in.
const SHAPES: &[&str] = &[
    "POINT (180 -90)",
    "POINT Z (-180 90 8848.86)",
    "POINT (0.1 0.30000000000000004)",
    "LINESTRING (179.9 0, 180 0.5)",
    "LINESTRING Z (1 2 3, 4 5 -6)",
    "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 2 4, 4 4, 4 2, 2 2))",
    "MULTIPOINT ((1 1), (2 2))",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
    "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), POINT (3 4)))",
];

/// Properties whose letters matter.
const PROPERTIES: &[&str] = &[
    "{}",
    r#"{"b":1.50,"a":12345678901234567890123, "b":2e2,"n":"\u0000\ud800","ä":[ ]}"#,
    r#"{"":null,"\"":"\\","a b":"\/","emoji":"😀","e":1E-400,"z":{"y":{"x":[[],{}]}}}"#,
    "{\n\t\"space\" : [ true , false ]\n}",
    r#"{"-0":-0,"i":9223372036854775808,"__proto__":1,"'; DROP TABLE location; --":"<img src=x onerror=alert(1)>"}"#,
];

/// Names and external ids.
const TEXTS: &[&str] =
    &["", " ", "'", "\"; --", "Ḧ̶̛ẻ̶", "\u{1}\u{7f}\u{feff}", "نص", "\r\n\t", "a\u{301}", "á", "\\N", "NULL"];

/// A location to be written by the server.
pub fn location(external_id: &str) -> NewLocation {
    let geometry = geojson::read(&json!({ "type": "Point", "coordinates": [1, 2] })).expect("a point");
    NewLocation {
        external_id: Some(external_id.to_owned()),
        name: String::new(),
        geometry,
        properties: serde_json::Map::new(),
    }
}

/// A server with the fixture places, odd rows and some thousand plain ones; the last row is called `last`.
pub async fn server(kind: Kind) -> Server {
    server_with(kind, PLAIN_ROWS).await
}

/// The same with so many plain rows.
pub async fn server_with(kind: Kind, plain_rows: usize) -> Server {
    let server = Server::with_places_on(kind).await;
    for statement in odd_rows(kind).into_iter().chain(people(kind)) {
        server.write_outside(&statement).await;
    }
    let plain = match kind {
        Kind::Geopackage => format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {plain_rows})
             INSERT INTO location (geom, name, external_id, properties, created_at, updated_at, created_by)
             SELECT (SELECT geom FROM location WHERE external_id = 'paris'), 'name ' || n, 'plain ' || n,
                '{{\"n\":' || n || ',\"k' || (n % 7) || '\":\"' || hex(n) || '\"}}',
                strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n * 0.001, 'unixepoch'), '2038-01-19T03:14:08.000Z', n FROM n"
        ),
        Kind::Postgis => format!(
            "INSERT INTO location (geom, name, external_id, properties, created_at, updated_at, created_by)
             SELECT ST_SetSRID(ST_Point(n % 180, n % 90), 4326), 'name ' || n, 'plain ' || n,
                '{{\"n\":' || n || ',\"k' || (n % 7) || '\":\"' || n || '\"}}',
                to_timestamp(1700000000 + n * 0.001), '2038-01-19T03:14:08Z', n FROM generate_series(1, {plain_rows}) AS n"
        ),
    };
    server.write_outside(&plain).await;
    server.write_outside("UPDATE location SET name = name || '!' WHERE external_id LIKE 'plain 1%'").await;
    server.write_outside("DELETE FROM location WHERE external_id IN ('plain 77', 'berlin')").await;
    let last = "INSERT INTO location (geom, external_id) SELECT geom, 'last' FROM location WHERE external_id = 'paris'";
    server.write_outside(last).await;
    server
}

fn odd_rows(kind: Kind) -> Vec<String> {
    let mut statements = Vec::new();
    let mut blobs: Vec<_> = SHAPES
        .iter()
        .map(|text| wkb::to_gpkg(wkt::read(text).unwrap_or_else(|error| panic!("{text}: {error}")).wkb()))
        .collect();
    blobs.extend(foreign());
    for (place, text) in TEXTS.iter().enumerate() {
        let (text, shape) = (text.replace('\'', "''"), geometry(kind, &blobs[place % blobs.len()]));
        statements.push(format!(
            "INSERT INTO location (geom, name, external_id, layer_id) VALUES ({shape}, '{text}', '{text}', 1)"
        ));
    }
    for (place, blob) in blobs.iter().enumerate() {
        let properties = PROPERTIES[place % PROPERTIES.len()].replace('\'', "''");
        let shape = geometry(kind, blob);
        statements.push(format!(
            "INSERT INTO location (geom, properties, version, created_at, updated_at, updated_by)
             VALUES ({shape}, '{properties}', 9007199254740993, '1969-12-31T23:59:59.999Z', '2024-02-29T00:00:00.001Z', -1)"
        ));
    }
    statements
        .push("UPDATE layer SET style = '{ \"a\":1.0, \"a\":2 }', description = 'ß' WHERE key = 'cities'".to_owned());
    statements
}

/// Accounts, what stands for them, and what they did.
fn people(kind: Kind) -> Vec<String> {
    let secret = match kind {
        Kind::Geopackage => "x'00ff5c27'",
        Kind::Postgis => r"'\x00ff5c27'::bytea",
    };
    let accounts =
        "INSERT INTO account (username, username_key, role, disabled, password_hash, created_ms, updated_ms) VALUES
        ('Ἀννα', 'ἀννα', 'EDITOR', false, '$argon2id$a', 1, 9007199254740993),
        ('bob', 'bob', 'VIEWER', true, '', -1, 0)";
    let session = format!(
        "INSERT INTO session (account_id, secret, current_hash, previous_hash, rotated_ms, created_ms, used_ms, expires_ms,
            revoked_ms) VALUES (1, {secret}, 'b', NULL, 1, 2, 3, 4, NULL), (2, {secret}, 'c', 'd', 1, 2, 3, 4, 5)"
    );
    vec![
        accounts.to_owned(),
        "INSERT INTO account_grant (account_id, layer_id, role) VALUES (1, 1, 'EDITOR'), (2, 1, 'VIEWER')".to_owned(),
        "INSERT INTO account_identity (issuer, subject, account_id, issued_s)
         VALUES ('https://login.example/realms/Ünder', 'a''b|7', 2, 4102444800)"
            .to_owned(),
        session,
        "INSERT INTO api_token (account_id, name, hash, scopes, created_ms, used_ms, expires_ms, revoked_ms)
         VALUES (1, 'nightly', 'h', '[\"locations:write\"]', 1, NULL, 2, NULL)"
            .to_owned(),
        "INSERT INTO one_time_link (purpose, hash, account_id, email_key, details, created_ms, expires_ms)
         VALUES ('PASSWORD_RESET', 'l', 1, NULL, '{}', 1, 2), ('INVITATION', 'm', NULL, 'ß@x', '{ \"a\":1.0 }', 1, 2)"
            .to_owned(),
        "INSERT INTO audit_log (at, actor, action, target, before_json, after_json, request_id)
         VALUES ('2024-02-29T00:00:00.001Z', 1, 'location.update', 'location/1', '{\"a\":1.50}', NULL, 'r')"
            .to_owned(),
        "INSERT INTO idempotency_key (account, key, path, fingerprint, target, at)
         VALUES (1, 'k', '0/createLocation', 'f', 1, '2024-02-29T00:00:00.001Z')"
            .to_owned(),
    ]
}

fn geometry(kind: Kind, blob: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    match kind {
        Kind::Geopackage => format!("x'{}'", hex(blob)),
        Kind::Postgis => {
            let ewkb = wkb::to_ewkb(wkb::Wkb::check_gpkg(blob).expect("WKB"));
            format!("'{}'::geometry", hex(&ewkb))
        }
    }
}

/// What only other programs write: measures, nothing at all.
fn foreign() -> Vec<Vec<u8>> {
    let shape = |code: u32, count: Option<u32>, numbers: &[f64], flags: u8| {
        let mut blob = vec![b'G', b'P', 0, flags, 0xe6, 0x10, 0, 0, 1];
        blob.extend(code.to_le_bytes());
        blob.extend(count.iter().flat_map(|count| count.to_le_bytes()));
        blob.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        blob
    };
    let envelope = |min: [f64; 2], max: [f64; 2], blob: Vec<u8>| {
        let numbers = [min[0], max[0], min[1], max[1]];
        let box_bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        [&blob[..8], &box_bytes.collect::<Vec<_>>(), &blob[8..]].concat()
    };
    vec![
        shape(2001, None, &[1.0, 2.0, 3.5], 1),
        shape(3001, None, &[1.0, 2.0, 3.5, -4.25], 1),
        envelope([1.0, 2.0], [5.0, 6.0], shape(3002, Some(2), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 3)),
        shape(1, None, &[f64::NAN, f64::NAN], 0x11),
        shape(2, Some(0), &[], 0x11),
        shape(1003, Some(0), &[], 0x11),
        shape(7, Some(0), &[], 0x11),
    ]
}

/// Every row of the tables that are copied, every value with its class.
pub fn dump(connection: &rusqlite::Connection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in cairn::store::copy::tables::with_rows() {
        let mut statement = connection.prepare(&format!("SELECT * FROM {}", table.name)).expect("a table");
        let width = statement.column_count();
        let found = statement.query_map((), |row| {
            let values = (0..width).map(|place| row.get::<_, rusqlite::types::Value>(place));
            Ok(format!("{}: {:?}", table.name, values.collect::<Result<Vec<_>, _>>()?))
        });
        rows.extend(found.expect("rows").map(|row| row.expect("a row")));
    }
    rows.sort();
    rows
}
