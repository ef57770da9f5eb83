//! Both stores and the GraphQL read side, asked through the real router on real files and databases.

#[path = "../common/mod.rs"]
mod common;

mod account_audit;
mod accounts;
mod admin_path;
mod api_tokens;
mod authors;
mod browser_session;
mod brute_force;
mod commands;
mod copy;
mod corpus;
mod crash;
mod differential;
mod edit_keys;
mod edit_layers;
mod edit_many;
mod edits;
mod entrance;
mod examples;
mod export_formats;
mod exports;
mod faults;
mod filters;
mod forged;
mod gdal;
mod housekeeping;
mod import_process;
mod import_upload;
mod imports;
mod login_work;
mod mail;
mod oidc;
mod oidc_forged;
mod oidc_keys;
mod paging;
mod paths;
mod postgis;
mod replicas;
mod rights;
mod schema;
mod sight;
mod surface;
