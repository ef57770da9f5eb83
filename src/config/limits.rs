//! Every limit of the server: a named number with its unit, its reason and its bounds.
//!
//! One line here is the field, its documentation, its setting, its default and its line in `.env.example`.
//! A limit of 0 never means "none": each one has a smallest and a largest value that keep the server sound.

use super::setting::{Group, Setting};
use super::values::Reader;

/// Declares a group of limits. The first lines of a field's documentation are also its explanation in
/// `.env.example`, so that the two cannot differ.
macro_rules! limits {
    ($(#[$group_doc:meta])* $group:ident $title:literal {
        $( $(#[doc = $why:literal])+ $field:ident: $kind:ty = $default:literal, $range:expr, $name:literal; )+
    }) => {
        $(#[$group_doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $group {
            $( $(#[doc = $why])+ pub $field: $kind, )+
        }

        impl Default for $group {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $group {
            pub(super) fn read(reader: &mut Reader) -> Self {
                Self { $( $field: reader.number($name, $default, $range), )+ }
            }

            pub(super) fn group() -> Group {
                let default = Self::default();
                Group {
                    title: $title,
                    settings: vec![ $( Setting {
                        name: $name,
                        default: default.$field.to_string(),
                        meaning: &[$($why),+],
                    }, )+ ],
                }
            }
        }
    };
}

limits! {
    /// What one GraphQL question may cost before it runs. Every count is taken by our own guard.
    GraphqlLimits "Limits: one GraphQL question" {
        /// Longest GraphQL text, in bytes. The parser's time and stack grow with it.
        text_bytes: usize = 16_384, 64..=1_048_576, "CAIRN_LIMIT_GRAPHQL_TEXT_BYTES";
        /// Deepest nesting of { [ ( in the text. The parser calls itself for each level: 2,000 levels end the process.
        nesting: usize = 64, 4..=100, "CAIRN_LIMIT_GRAPHQL_NESTING";
        /// Most tokens in the text: names, numbers, strings and signs.
        tokens: usize = 2_000, 10..=100_000, "CAIRN_LIMIT_GRAPHQL_TOKENS";
        /// Deepest selection of fields, fragments followed. `ofType` in an introspection question is not counted.
        depth: usize = 12, 2..=50, "CAIRN_LIMIT_GRAPHQL_DEPTH";
        /// Most aliases, `__typename` included, fragments followed. Aliases multiply one costly field.
        aliases: usize = 30, 0..=1_000, "CAIRN_LIMIT_GRAPHQL_ALIASES";
        /// Most fields at the root of an operation, fragments followed. Each may be a query to the database.
        root_fields: usize = 20, 1..=1_000, "CAIRN_LIMIT_GRAPHQL_ROOT_FIELDS";
        /// Most fragment definitions.
        fragments: usize = 50, 0..=1_000, "CAIRN_LIMIT_GRAPHQL_FRAGMENTS";
        /// Most fields and fragments once every spread is written out. Validation visits each of them: 24 fragments
        /// that spread the next one twice are 16 million.
        expanded_nodes: usize = 5_000, 10..=100_000, "CAIRN_LIMIT_GRAPHQL_EXPANDED_NODES";
        /// Most directives on one field, fragment or operation.
        directives: usize = 10, 0..=100, "CAIRN_LIMIT_GRAPHQL_DIRECTIVES";
        /// Most operations in one document or one batch.
        batch: usize = 10, 1..=100, "CAIRN_LIMIT_GRAPHQL_BATCH";
        /// How often an account may run a field of a mutation, in a minute: so many may come at once, more get 429 with
        /// Retry-After. Scripts that make one location at a time, as fast as they can, stay below; `upsertLocations` counts once.
        mutations_per_minute: u32 = 60_000, 1..=10_000_000, "CAIRN_LIMIT_MUTATIONS_PER_MINUTE";
        /// The same for all accounts of one address (IPv6: one /64 network), and for those without one: an office is one address.
        mutations_per_minute_per_address: u32 = 240_000, 1..=10_000_000, "CAIRN_LIMIT_MUTATIONS_PER_MINUTE_PER_ADDRESS";
        /// Highest cost of a question, counted from the sizes of the pages that it asks for.
        complexity: usize = 5_000, 10..=1_000_000, "CAIRN_LIMIT_GRAPHQL_COMPLEXITY";
        /// A question that takes longer stands in the log as slow, in milliseconds.
        slow_ms: u64 = 1_000, 1..=3_600_000, "CAIRN_LIMIT_GRAPHQL_SLOW_MS";
        /// Deepest nesting of { [ in the request body or the variables. A collection of 16 levels in a filter needs about 50.
        variables_nesting: usize = 64, 4..=120, "CAIRN_LIMIT_GRAPHQL_VARIABLES_NESTING";
        /// Parsed and checked documents that are kept for the next time.
        kept_documents: usize = 256, 1..=10_000, "CAIRN_LIMIT_GRAPHQL_KEPT_DOCUMENTS";
        /// Longest text that is kept, in bytes. With the count above it bounds the memory.
        kept_text_bytes: usize = 4_096, 64..=65_536, "CAIRN_LIMIT_GRAPHQL_KEPT_TEXT_BYTES";
    }
}

limits! {
    /// What one request may be and how long it may take.
    HttpLimits "Limits: one request" {
        /// Largest request body, in bytes. Larger ones get 413 before they are read whole.
        body_bytes: usize = 262_144, 1_024..=104_857_600, "CAIRN_LIMIT_BODY_BYTES";
        /// Largest request body of somebody who is signed in, in bytes: 1,000 locations of an upsert fit.
        signed_in_body_bytes: usize = 4_194_304, 1_024..=104_857_600, "CAIRN_LIMIT_SIGNED_IN_BODY_BYTES";
        /// Longest time from the head of a request to its answer, in milliseconds; then 503 with Retry-After.
        request_time_ms: u64 = 15_000, 10..=600_000, "CAIRN_LIMIT_REQUEST_TIME_MS";
        /// Largest file that is uploaded, in bytes. It is written to the disk as it comes.
        upload_bytes: usize = 104_857_600, 1_024..=10_737_418_240, "CAIRN_LIMIT_UPLOAD_BYTES";
        /// Most requests with files at once; more get 503 with Retry-After.
        uploads_at_once: usize = 8, 1..=1_000, "CAIRN_LIMIT_UPLOADS_AT_ONCE";
        /// Longest time from the head of a request with files to its answer, in milliseconds.
        upload_time_ms: u64 = 600_000, 10..=86_400_000, "CAIRN_LIMIT_UPLOAD_TIME_MS";
    }
}

limits! {
    /// What one TCP connection may do, and how many there may be.
    ConnectionLimits "Limits: connections" {
        /// Most connections at once. Keep it under the open files that the system allows (ulimit -n); more are closed at once.
        connections: usize = 900, 1..=1_000_000, "CAIRN_LIMIT_CONNECTIONS";
        /// Most connections from one address (IPv6: one /64 network). Raise it behind a proxy, which is one address.
        connections_per_address: usize = 100, 1..=1_000_000, "CAIRN_LIMIT_CONNECTIONS_PER_ADDRESS";
        /// Longest time from the accept, or from the first byte of a later request, to a whole head, in milliseconds.
        head_time_ms: u64 = 10_000, 10..=600_000, "CAIRN_LIMIT_HEAD_TIME_MS";
        /// Largest head of a request, in bytes; then 431.
        head_bytes: usize = 32_768, 8_192..=1_048_576, "CAIRN_LIMIT_HEAD_BYTES";
        /// Most header fields of a request; then 431.
        head_fields: usize = 100, 10..=1_000, "CAIRN_LIMIT_HEAD_FIELDS";
        /// Longest silence inside a request body, or of a reader who takes nothing of an answer, in milliseconds.
        body_idle_ms: u64 = 25_000, 10..=600_000, "CAIRN_LIMIT_BODY_IDLE_MS";
        /// Longest time that a connection without a request is kept, in milliseconds.
        keep_alive_ms: u64 = 30_000, 10..=600_000, "CAIRN_LIMIT_KEEP_ALIVE_MS";
        /// Most requests at once on one HTTP/2 connection.
        streams: u32 = 100, 1..=1_000, "CAIRN_LIMIT_STREAMS";
        /// How long new connections are still taken after readiness has turned 503, in milliseconds. Behind a balancer
        /// give it the time to notice: 5000. A second signal ends the wait.
        shutdown_delay_ms: u64 = 0, 0..=600_000, "CAIRN_LIMIT_SHUTDOWN_DELAY_MS";
        /// How long running requests may take to finish at a shutdown, in milliseconds. A further signal ends it.
        shutdown_time_ms: u64 = 30_000, 0..=600_000, "CAIRN_LIMIT_SHUTDOWN_TIME_MS";
    }
}

limits! {
    /// What one `WebSocket` may do, and how many there may be. Each takes a connection, too.
    SocketLimits "Limits: WebSockets" {
        /// Most sockets from one address (IPv6: one /64 network); more get 429.
        per_address: usize = 50, 1..=1_000_000, "CAIRN_LIMIT_SOCKETS_PER_ADDRESS";
        /// Most sockets of one account; more are closed with 1013.
        per_account: usize = 20, 1..=1_000_000, "CAIRN_LIMIT_SOCKETS_PER_ACCOUNT";
        /// Most operations at once on one socket.
        operations: usize = 100, 1..=1_000, "CAIRN_LIMIT_SOCKET_OPERATIONS";
        /// Largest message from a client, in bytes; a larger one closes the socket with 1009.
        message_bytes: usize = 65_536, 1_024..=1_048_576, "CAIRN_LIMIT_SOCKET_MESSAGE_BYTES";
        /// Longest time from the opening to `connection_init`, in milliseconds; then the socket is closed with 4408.
        init_time_ms: u64 = 10_000, 10..=600_000, "CAIRN_LIMIT_SOCKET_INIT_TIME_MS";
        /// A client that was silent for so long is pinged, in milliseconds; after twice that the socket is closed.
        ping_ms: u64 = 20_000, 10..=600_000, "CAIRN_LIMIT_SOCKET_PING_MS";
        /// Longest time that a message waits for a reader who takes nothing, in milliseconds; then the socket is closed.
        send_time_ms: u64 = 10_000, 10..=600_000, "CAIRN_LIMIT_SOCKET_SEND_TIME_MS";
    }
}

limits! {
    /// What one statement may take of the database.
    StoreLimits "Limits: the database" {
        /// Longest time of one SQL statement, in milliseconds.
        statement_time_ms: u64 = 10_000, 10..=600_000, "CAIRN_LIMIT_STATEMENT_TIME_MS";
        /// Longest wait for a free database connection, in milliseconds; then 503 with Retry-After.
        pool_wait_ms: u64 = 3_000, 10..=600_000, "CAIRN_LIMIT_POOL_WAIT_MS";
        /// Most connections of this server to PostgreSQL; a quarter of them writes. Times the number of servers it must stay
        /// under the limit there (`max_connections`). A GeoPackage has one writer, and two readers to a processor.
        database_connections: u32 = 16, 2..=1_000, "CAIRN_LIMIT_DATABASE_CONNECTIONS";
    }
}

limits! {
    /// How many locations one answer may hold.
    PageLimits "Limits: pages" {
        /// Locations of a page when the question names no number.
        connection_default: usize = 100, 1..=10_000, "CAIRN_LIMIT_PAGE_DEFAULT";
        /// Most locations of a page.
        connection_max: usize = 1_000, 1..=10_000, "CAIRN_LIMIT_PAGE_MAX";
        /// Most locations of a `FeatureCollection`.
        geojson_max: usize = 10_000, 1..=100_000, "CAIRN_LIMIT_GEOJSON_MAX";
    }
}

limits! {
    /// What the issuer of external tokens is asked, and how long its answers are good.
    OidcLimits "Limits: the OpenID Connect issuer" {
        /// Longest time of one question to the issuer, in milliseconds.
        fetch_time_ms: u64 = 3_000, 10..=60_000, "CAIRN_LIMIT_OIDC_FETCH_TIME_MS";
        /// Least time between two fetches of its keys, in milliseconds, whoever sends what: tokens that name unknown keys
        /// cause no more. A new key that was not announced waits so long at most.
        fetch_interval_ms: u64 = 30_000, 1..=600_000, "CAIRN_LIMIT_OIDC_FETCH_INTERVAL_MS";
        /// Keys are asked for again after so long, in milliseconds.
        keys_fresh_ms: u64 = 600_000, 1..=86_400_000, "CAIRN_LIMIT_OIDC_KEYS_FRESH_MS";
        /// Keys of an issuer that is out of reach verify for so long, in milliseconds; then its tokens get 503.
        keys_kept_ms: u64 = 43_200_000, 1_000..=604_800_000, "CAIRN_LIMIT_OIDC_KEYS_KEPT_MS";
    }
}

limits! {
    /// How long is kept what grows with every change.
    KeepLimits "Limits: what is kept" {
        /// Rows of the audit log are kept for so many days.
        audit_days: u32 = 400, 1..=36_500, "CAIRN_LIMIT_AUDIT_DAYS";
        /// Rows of the change feed (`location_change`) are kept for so many days: whoever follows it must not be away longer.
        changes_days: u32 = 30, 1..=36_500, "CAIRN_LIMIT_CHANGES_DAYS";
        /// An import can be taken back for so many days: so long is kept what it changed and deleted.
        undo_days: u32 = 7, 1..=60, "CAIRN_LIMIT_UNDO_DAYS";
        /// Most locations of an import that can be taken back: for so long an undo holds up other writers of a file.
        undo_locations: u64 = 200_000, 1..=10_000_000, "CAIRN_LIMIT_UNDO_LOCATIONS";
    }
}

limits! {
    /// What an export may be. It has no time limit: as long as its reader takes bytes it goes on.
    ExportLimits "Limits: exports" {
        /// Most locations of one export. The memory does not depend on it, but the time that a connection and a place are taken does.
        rows: u64 = 10_000_000, 1..=1_000_000_000, "CAIRN_LIMIT_EXPORT_ROWS";
        /// Most exports at once; then 503 with Retry-After. Each holds a page of rows and, for some formats, a file of its own.
        at_once: usize = 4, 1..=1_000, "CAIRN_LIMIT_EXPORTS";
        /// Most exports of one account that wait for the server or are written by it in the background.
        jobs: u32 = 5, 1..=1_000, "CAIRN_LIMIT_EXPORT_JOBS";
        /// Largest file that is written in the background, in bytes. Some formats take as much again while it is written.
        file_bytes: u64 = 10_737_418_240, 1_024..=1_099_511_627_776, "CAIRN_LIMIT_EXPORT_FILE_BYTES";
        /// What these files take together in the data folder, in bytes: nobody can fill the disk with them.
        files_bytes: u64 = 21_474_836_480, 1_024..=109_951_162_777_600, "CAIRN_LIMIT_EXPORT_FILES_BYTES";
        /// Such a file is kept for so many hours, and then goes with its export.
        file_hours: u32 = 24, 1..=8_760, "CAIRN_LIMIT_EXPORT_FILE_HOURS";
    }
}

limits! {
    /// What a certificate authority is asked, below its own limits: Let's Encrypt gives 5 certificates of the same names in 7
    /// days and allows 5 failed proofs of a name an hour.
    AcmeLimits "Limits: the certificate authority" {
        /// Most certificates of these names in 7 days.
        certificates_per_week: usize = 3, 1..=100_000, "CAIRN_LIMIT_ACME_CERTIFICATES_PER_WEEK";
        /// Most failed orders in an hour.
        failures_per_hour: usize = 4, 1..=100_000, "CAIRN_LIMIT_ACME_FAILURES_PER_HOUR";
        /// The pause after a failed order, in milliseconds; after the next ones it is 10, 100 and 1440 times as long.
        retry_ms: u64 = 60_000, 10..=3_600_000, "CAIRN_LIMIT_ACME_RETRY_MS";
        /// Longest time of one step of an order, in milliseconds.
        step_time_ms: u64 = 30_000, 10..=600_000, "CAIRN_LIMIT_ACME_STEP_TIME_MS";
        /// Longest time of a whole order, in milliseconds.
        order_time_ms: u64 = 300_000, 10..=3_600_000, "CAIRN_LIMIT_ACME_ORDER_TIME_MS";
    }
}

/// Every limit, by what it protects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// One GraphQL question.
    pub graphql: GraphqlLimits,
    /// One HTTP request.
    pub http: HttpLimits,
    /// TCP connections.
    pub connection: ConnectionLimits,
    /// What an upgrade makes of a connection.
    pub socket: SocketLimits,
    /// The database.
    pub store: StoreLimits,
    /// Sizes of pages.
    pub page: PageLimits,
    /// Files of layers.
    pub export: ExportLimits,
    /// The issuer of external tokens.
    pub oidc: OidcLimits,
    /// What grows.
    pub keep: KeepLimits,
    /// The certificate authority.
    pub acme: AcmeLimits,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let limits = Self {
            graphql: GraphqlLimits::read(reader),
            http: HttpLimits::read(reader),
            connection: ConnectionLimits::read(reader),
            socket: SocketLimits::read(reader),
            store: StoreLimits::read(reader),
            page: PageLimits::read(reader),
            export: ExportLimits::read(reader),
            oidc: OidcLimits::read(reader),
            keep: KeepLimits::read(reader),
            acme: AcmeLimits::read(reader),
        };
        if limits.page.connection_default > limits.page.connection_max {
            reader.fault("CAIRN_LIMIT_PAGE_DEFAULT", "must not be more than CAIRN_LIMIT_PAGE_MAX");
        }
        if limits.oidc.keys_fresh_ms > limits.oidc.keys_kept_ms {
            reader.fault("CAIRN_LIMIT_OIDC_KEYS_FRESH_MS", "must not be more than CAIRN_LIMIT_OIDC_KEYS_KEPT_MS");
        }
        limits
    }

    pub(super) fn groups() -> [Group; 10] {
        [
            GraphqlLimits::group(),
            HttpLimits::group(),
            ConnectionLimits::group(),
            SocketLimits::group(),
            StoreLimits::group(),
            PageLimits::group(),
            ExportLimits::group(),
            OidcLimits::group(),
            KeepLimits::group(),
            AcmeLimits::group(),
        ]
    }
}
