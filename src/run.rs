//! `cairn serve`: opens the store, builds the router, listens, and takes everything down in order.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::config::{AdminPath, Config, Secret};
use crate::error::{Error, Result};
use crate::graphql::schema::{self, SchemaLimits};
use crate::http::{self, Identity, Pages, Parts, Readiness, SecurityHeaders};
use crate::model::link::LinkPurpose;
use crate::serve::Entrance;
use crate::service::first_start::{FIRST_ADMIN, FirstStart};
use crate::tls::{Door, Secured, Status};
use crate::{demo, serve, worker};

/// Serves until the operator says stop. The first line on standard output has the address.
pub async fn serve(mut config: Config, with_demo: bool) -> Result<()> {
    // Caught before the first slow step: a signal during the start is not lost.
    let told_to_stop = serve::until_told()?;
    let listener = bind(config.listen, "CAIRN_LISTEN").await?;
    let http = bind_if(config.http_listen, "CAIRN_HTTP_LISTEN").await?;
    let metrics = bind_if(config.metrics_listen, "CAIRN_METRICS_LISTEN").await?;
    let app = App::build(&config).await?;
    if with_demo {
        let loaded = demo::load(&app).await?;
        tracing::info!(loaded, "demo layers");
    }
    // A key that cannot be read or made ends the start and not the first sign-in.
    app.accounts().keys().ring().await?;
    let first_start = app.accounts().first_start(config.admin_password.as_ref().map(Secret::expose)).await?;
    if config.admin_path.is_none() {
        config.admin_path = Some(App::kept_admin_path(&config).await?);
    }
    let secured = app.secured(&config).await?;
    let readiness = readiness(&app);
    let router = router(&app, &config, readiness.clone());
    let address = listener.local_addr().map_err(Error::internal)?;
    announce(&config, address);
    if let Some(http) = &http {
        println!("http://{} leads there", http.local_addr().map_err(Error::internal)?);
    }
    if let Some(metrics) = &metrics {
        println!("metrics at http://{}/metrics", metrics.local_addr().map_err(Error::internal)?);
    }
    welcome(&config, address, &first_start);
    let (stop, mut stopped) = watch::channel(false);
    let door = secured.as_ref().map(Secured::door);
    let entrance = entrance(router, door, &config);
    let mut beside = beside_https(&config, address.port(), (secured, http), &stop);
    let keeping = tokio::spawn(app.housekeeping(&config.limits.keep).run(stop.subscribe()));
    if let Some(listener) = metrics {
        beside.spawn(serve_beside(listener, Entrance::plain(http::metrics(app.clone())), &config, &stop));
    }
    if let Some(backups) = app.backups(&config)? {
        let told = stop.subscribe();
        beside.spawn(async move {
            backups.run(told).await;
            Ok(())
        });
    }
    let stopping = async move {
        told_to_stop.await;
        readiness.stop();
        stop.send_replace(true);
    };
    let jobs = tokio::spawn(worker::runner::run(app.clone(), async move {
        // The sender is dropped only with the server that holds it: that is an end too.
        let _ = stopped.wait_for(|is_told| *is_told).await;
    }));
    serve::serve(listener, entrance, &config.limits.connection, stopping).await?;
    jobs.await.map_err(Error::internal)?;
    keeping.await.map_err(Error::internal)?;
    while let Some(ended) = beside.join_next().await {
        ended.map_err(Error::internal)??;
    }
    app.close().await
}

/// What a listener of the web leads to.
fn entrance(router: Router, door: Option<Door>, config: &Config) -> Entrance {
    let fields = SecurityHeaders::new(config, Status::default()).lines().into();
    Entrance { router, door, proxies: config.leading_proxies.clone(), fields }
}

async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener> {
    let refused = |error| Error::bad_input(format!("cannot listen on {address}: {error}")).at(setting);
    TcpListener::bind(address).await.map_err(refused)
}

async fn bind_if(address: Option<SocketAddr>, setting: &'static str) -> Result<Option<TcpListener>> {
    match address {
        Some(address) => bind(address, setting).await.map(Some),
        None => Ok(None),
    }
}

/// What runs beside HTTPS: the care for the certificate, and the door of plain HTTP.
fn beside_https(
    config: &Config,
    port: u16,
    (secured, http): (Option<Secured>, Option<TcpListener>),
    stop: &watch::Sender<bool>,
) -> JoinSet<Result<()>> {
    let mut beside = JoinSet::new();
    let proofs = secured.as_ref().and_then(Secured::proofs);
    if let Some(secured) = secured {
        let told = stop.subscribe();
        beside.spawn(async move {
            secured.run(told).await;
            Ok(())
        });
    }
    if let Some(listener) = http {
        let router = http::to_https(config, port, proofs);
        let entrance = entrance(router, None, config);
        beside.spawn(serve_beside(listener, entrance, config, stop));
    }
    beside
}

/// Plain HTTP at another address, until the server stops.
fn serve_beside(
    listener: TcpListener,
    entrance: Entrance,
    config: &Config,
    stop: &watch::Sender<bool>,
) -> impl Future<Output = Result<()>> + Send + use<> {
    let (limits, mut told) = (config.limits.connection.clone(), stop.subscribe());
    async move {
        let stopping = async move {
            let _ = told.wait_for(|is_told| *is_told).await;
        };
        serve::serve(listener, entrance, &limits, stopping).await
    }
}

/// The whole HTTP door over the services: what the server runs and what the tests ask.
pub fn router(app: &App, config: &Config, readiness: Readiness) -> Router {
    let limits = SchemaLimits {
        complexity: config.limits.graphql.complexity,
        introspection: config.introspection,
        page: config.limits.page.clone(),
    };
    let executor = schema::build(app.clone(), limits);
    let identity = Identity::new(app.clone(), &config.trusted_proxies);
    let pages = Pages::built_in(config.playground);
    http::router(Parts { config, executor, identity, readiness, pages, app: Some(app.clone()) })
}

/// Ready while the store answers.
pub fn readiness(app: &App) -> Readiness {
    let app = app.clone();
    Readiness::new(move || {
        let app = app.clone();
        async move { app.ready().await.is_ok() }
    })
}

fn announce(config: &Config, address: SocketAddr) {
    let scheme = config.tls.scheme();
    println!("listening on {scheme}://{address}");
    if let Some(public) = &config.public_url {
        println!("public address {public}");
    }
    if config.playground {
        println!("GraphiQL at {scheme}://{address}/graphiql/");
    }
    if let Some(path) = &config.admin_path {
        println!("admin page at {}{path}/", config.site(address));
    }
    println!("database {}", config.database);
}

/// Says how somebody becomes the first administrator.
fn welcome(config: &Config, address: SocketAddr, first_start: &FirstStart) {
    match first_start {
        FirstStart::HasAccounts => {}
        FirstStart::MadeAdmin => println!("made the account {FIRST_ADMIN} with CAIRN_ADMIN_PASSWORD"),
        FirstStart::Link(token) => {
            let site = config.site(address);
            let path = config.admin_path.as_ref().map_or("", AdminPath::as_str);
            println!("there is no account yet; make the first administrator within 24 hours, once:");
            println!("  {}", LinkPurpose::SetUp.url(&format!("{site}{path}"), &token.0));
        }
    }
}
