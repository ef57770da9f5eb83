//! What a command runs in: settings, log, runtime, and the services where it needs them.

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::telemetry;

/// Opens the store, works, and closes it whatever came of the work.
pub(super) fn with_app(work: impl AsyncFnOnce(&App) -> Result<()>) -> Result<()> {
    with_config(async |config| with_app_of(&config, work).await)
}

/// The same where a runtime is there already.
pub(super) async fn with_app_of<T>(config: &Config, work: impl AsyncFnOnce(&App) -> Result<T>) -> Result<T> {
    let app = App::build(config).await?;
    let outcome = work(&app).await;
    app.close().await?;
    outcome
}

/// Reads the settings, starts the log and a runtime, and runs.
pub(super) fn with_config(work: impl AsyncFnOnce(Config) -> Result<()>) -> Result<()> {
    /// Parsers call themselves for each level of nesting. The guards bound that; this is the second line.
    const STACK_BYTES: usize = 8 * 1024 * 1024;
    let config = Config::from_env()?;
    telemetry::start(&config.log, config.log_format)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(Error::internal)?;
    runtime.block_on(work(config))
}
