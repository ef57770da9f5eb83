//! What is copied, in the order in which references allow it, and what is left out and why. A test walks the tables and columns
//! of both stores: what neither list names makes it fail.

/// A table that both stores have.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name on both stores.
    pub name: &'static str,
    /// How it gets to the other side.
    pub way: Way,
    /// A condition that holds for the rows which the migrations themselves put there: a table with no others counts as empty.
    pub seed: &'static str,
    /// A condition that holds for the rows which are copied, and the others stay behind.
    pub only: &'static str,
}

/// How a table gets to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Row by row, in the order of the primary key.
    Rows,
    /// One row with a `version` that caches compare: it ends greater than it was on either side, so that they all notice.
    Version,
}

/// Every table, those that are referred to first.
pub const TABLES: &[Table] = &[
    Table { seed: "id = 1 AND key = 'places'", ..rows("layer") },
    rows("account"),
    rows("account_grant"),
    rows("account_identity"),
    rows("session"),
    rows("api_token"),
    // A set-up link stands in the log of one server: whoever reads it there is not to administer the other one.
    Table { only: "purpose <> 'SET_UP'", ..rows("one_time_link") },
    rows("layer_property"),
    rows("location"),
    rows("location_change"),
    rows("audit_log"),
    rows("idempotency_key"),
    version("catalog"),
    version("account_state"),
];

/// What stays behind, with the reason. A star stands for any ending.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("acme_*", "certificates belong to the servers: those of the other side order their own"),
    ("backup_state", "belongs to the servers: the other side has backups of its own"),
    ("copy_state", "notes of an unfinished copy"),
    ("export_job", "jobs belong to the server that has their files"),
    ("geography_columns", "a view of PostGIS"),
    ("geometry_columns", "a view of PostGIS"),
    ("gpkg_*", "the GeoPackage's own description of its tables: made by the migrations, counted anew"),
    ("import_image", "a part of import_job: what can be taken back on the other side is what is imported there"),
    (
        "import_job",
        "jobs belong to the server that has their files; the audit log, which is copied, tells what was imported",
    ),
    ("import_rejected", "a part of import_job"),
    ("rtree_location_geom*", "the index, made from the geometries"),
    ("seaql_migrations", "each side has its own migrations"),
    ("spatial_ref_sys", "reference systems of PostGIS"),
    ("sqlite_sequence", "the last numbers given are set by name"),
    ("sqlite_stat*", "statistics of the planner"),
    ("tls_state", "belongs to the servers as their certificates do"),
];

/// Columns that stay behind, with the reason.
pub const LEFT_OUT_COLUMNS: &[(&str, &str, &str)] = &[
    ("location", "document", "PostgreSQL computes it from properties"),
    ("location_change", "transaction", "a number of PostgreSQL's own transactions"),
];

/// A table that is copied row by row.
const fn rows(name: &'static str) -> Table {
    Table { name, way: Way::Rows, seed: "false", only: "true" }
}

/// A table with one row and a version.
const fn version(name: &'static str) -> Table {
    Table { name, way: Way::Version, seed: "true", only: "true" }
}

/// The tables that are copied row by row.
pub fn with_rows() -> impl DoubleEndedIterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.way == Way::Rows)
}

/// The tables with a version.
pub fn with_version() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.way == Way::Version)
}

/// The rows of a table that are copied, as a statement reads them.
pub fn copied(name: &str) -> String {
    let only = TABLES.iter().find(|table| table.name == name).map_or("true", |table| table.only);
    format!("(SELECT * FROM {name} WHERE {only}) AS {name}")
}

/// Whether the table is named above, as copied or as left out.
pub fn is_known(name: &str) -> bool {
    TABLES.iter().any(|table| table.name == name)
        || LEFT_OUT.iter().any(|(known, _)| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *known,
        })
}

/// Whether the column stays behind.
pub fn is_left_out(table: &str, column: &str) -> bool {
    LEFT_OUT_COLUMNS.iter().any(|(of, name, _)| (*of, *name) == (table, column))
}
