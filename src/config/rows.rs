//! Rows of the table of settings: what a row is, and those of backups and containers.

/// Name, default, meaning.
pub(super) const fn row(
    name: &'static str,
    default: &'static str,
    meaning: &'static [&'static str],
) -> (&'static str, &'static str, &'static [&'static str]) {
    (name, default, meaning)
}

/// See [`row`].
pub(super) type Row = (&'static str, &'static str, &'static [&'static str]);

pub(super) const BACKUPS: &[Row] = &[
    row(
        "CAIRN_BACKUP_SCHEDULE",
        "off",
        &[
            "When the server makes a backup by itself: a time of day in UTC such as 03:30, or a period such as 15m, 6h or 1d. Of",
            "several servers on one database one does. At off `cairn backup create` makes them.",
        ],
    ),
    row(
        "CAIRN_BACKUP_KEEP",
        "daily=7,weekly=4,monthly=12",
        &[
            "Which backups stay: the newest of so many days, weeks and months (UTC). The others go after each scheduled backup and at",
            "`cairn backup prune`; the newest of all never goes.",
        ],
    ),
    row(
        "CAIRN_BACKUP_URL",
        "",
        &[
            "Where the backups are: a folder (a path, or file:///PATH) or a bucket of an S3-compatible store (s3://BUCKET/PREFIX). Not",
            "set: CAIRN_DATA_DIR/backups, which a broken disk takes along: name another disk or a bucket. A backup holds all data and",
            "the hashes of passwords.",
        ],
    ),
    row(
        "CAIRN_BACKUP_RECIPIENTS",
        "",
        &[
            "Public keys of age (age1...), by comma: each of their owners can open the backups that are made from now on, and nobody else,",
            "this server included. `age-keygen -o key.txt` makes a pair: keep key.txt away from the server. Not set: not encrypted.",
        ],
    ),
    row(
        "CAIRN_BACKUP_IDENTITY_FILE",
        "",
        &[
            "The file with the secret key, for `cairn backup verify` and `restore` where encrypted backups are opened; --identity goes",
            "before it. Making backups does not need it: do not set it on the server.",
        ],
    ),
    row(
        "AWS_ACCESS_KEY_ID",
        "",
        &["Who Cairn is to the store of the bucket. It needs the rights to list, read, write and delete there."],
    ),
    row("AWS_SECRET_ACCESS_KEY", "", &["What proves to that store that it is Cairn."]),
    row("AWS_SESSION_TOKEN", "", &["Comes with keys that are good for a while."]),
    row("AWS_REGION", "us-east-1", &["Where the bucket is, in the words of its store."]),
    row(
        "AWS_ENDPOINT_URL",
        "",
        &[
            "The address of a store that is not Amazon's, such as https://s3.example.org or http://minio:9000. Over http everybody on",
            "the way can read the backup.",
        ],
    ),
    row(
        "CAIRN_BACKUP_CA_FILE",
        "",
        &["A PEM file of the authorities of that store, where its certificate is a company's."],
    ),
];

/// Read by `compose.yaml`, not by the server.
pub(super) const CONTAINERS: &[Row] = &[
    row(
        "POSTGRES_PASSWORD",
        "",
        &["For docker compose: the password of its database, taken at its first start. There is no default."],
    ),
    row("PUBLISH", "127.0.0.1:8080", &["For docker compose: the ADDRESS:PORT of this machine that reaches Cairn."]),
    row(
        "PUBLISH_HTTP",
        "127.0.0.1:8081",
        &[
            "For docker compose: where plain HTTP is answered beside HTTPS. On the open web PUBLISH=443 and PUBLISH_HTTP=80.",
        ],
    ),
    row("MEMORY", "1g", &["For docker compose: the most memory that Cairn may take."]),
    row("POSTGRES_MEMORY", "2g", &["For docker compose: the most memory that its database may take."]),
    row(
        "PUBLISH_BALANCED",
        "127.0.0.1:8090",
        &[
            "For docker compose --profile scale: the ADDRESS:PORT of this machine that reaches its servers, three unless --scale says more.",
        ],
    ),
    row(
        "PUBLISH_BALANCED_HTTP",
        "127.0.0.1:8091",
        &["For docker compose --profile scale: where their plain HTTP is answered beside HTTPS."],
    ),
    row(
        "BALANCER_CHECK",
        "",
        &[
            "For docker compose --profile scale, with CAIRN_TLS: check-ssl verify none. The balancer then asks over TLS who is ready.",
        ],
    ),
    row(
        "BALANCER_NETWORK",
        "172.31.240.0/24",
        &[
            "For docker compose --profile scale: the network between balancer and servers, another one where this is taken.",
        ],
    ),
    row("BALANCER_MEMORY", "1g", &["For docker compose --profile scale: the most memory that the balancer may take."]),
];
