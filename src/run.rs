//! `cairn serve`: opens the store, builds the router, listens, and takes everything down in order.

use axum::Router;
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::graphql::schema::{self, SchemaLimits};
use crate::http::{self, Pages, Parts, Readiness};
use crate::{demo, serve};

/// Serves until the operator says stop. The first line on standard output has the address.
pub async fn serve(config: Config, with_demo: bool) -> Result<()> {
    // Caught before the first slow step: a signal during the start is not lost.
    let told_to_stop = serve::until_told()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Error::bad_input(format!("cannot listen on {}: {error}", config.listen)).at("CAIRN_LISTEN"))?;
    let app = App::build(&config).await?;
    if with_demo {
        let loaded = demo::load(&app).await?;
        tracing::info!(loaded, "demo layers");
    }
    let readiness = readiness(&app);
    let router = router(&app, &config, readiness.clone());
    let address = listener.local_addr().map_err(Error::internal)?;
    announce(&config, address);
    let stopping = async move {
        told_to_stop.await;
        readiness.stop();
    };
    serve::serve(listener, router, &config.limits.connection, stopping).await?;
    app.close().await
}

/// The whole HTTP door over the services: what the server runs and what the tests ask.
pub fn router(app: &App, config: &Config, readiness: Readiness) -> Router {
    let limits = SchemaLimits {
        complexity: config.limits.graphql.complexity,
        introspection: config.introspection,
        page: config.limits.page.clone(),
    };
    let executor = schema::build(app.clone(), limits);
    http::router(Parts { config, executor, readiness, pages: Pages::built_in(config.playground) })
}

/// Ready while the store answers.
pub fn readiness(app: &App) -> Readiness {
    let app = app.clone();
    Readiness::new(move || {
        let app = app.clone();
        async move { app.ready().await.is_ok() }
    })
}

fn announce(config: &Config, address: std::net::SocketAddr) {
    println!("listening on http://{address}");
    if let Some(public) = &config.public_url {
        println!("public address {}{}", public.origin, public.path);
    }
    if config.playground {
        println!("GraphiQL at http://{address}/graphiql/");
    }
    println!("database {}", config.database_path.display());
}
