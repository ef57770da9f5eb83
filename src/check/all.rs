//! Everything, in the order in which one thing needs the other.

use chrono::Utc;

use super::finding::Finding;
use super::{database, machine, outside};
use crate::config::Config;

/// Looks at everything; takes some seconds where something does not answer.
pub async fn all(config: &Config) -> Vec<Finding> {
    let now = Utc::now();
    let mut findings = machine::settings(config);
    findings.push(machine::secrets(config));
    findings.push(machine::folder("data-folder", &config.data_dir));
    findings.extend(machine::keys(&config.data_dir));
    findings.push(machine::space("disk-space", &config.data_dir));
    if !config.backup.folder.starts_with(&config.data_dir) {
        findings.push(machine::folder("backup-folder", &config.backup.folder));
        findings.push(machine::space("backup-space", &config.backup.folder));
    }
    findings.extend(database::findings(config, now).await);
    findings.push(outside::server(config).await);
    findings.extend(outside::certificate(config, now).await);
    findings.extend(outside::names(config).await);
    findings.extend(outside::bucket(config).await);
    findings.push(outside::alerts(config).await);
    findings
}
