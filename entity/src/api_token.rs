//! The token of a script.

use sea_orm::entity::prelude::*;

/// The row of `api_token`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose rights it has a part of.
    pub account_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the token, unique.
    pub hash: String,
    /// A JSON array of scopes.
    pub scopes: String,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// The last use, true to the minute: milliseconds since 1970, UTC.
    pub used_ms: Option<i64>,
    /// Milliseconds since 1970, UTC.
    pub expires_ms: i64,
    /// Ended before its time: milliseconds since 1970, UTC.
    pub revoked_ms: Option<i64>,
}

/// No relation is followed through the entity.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
