//! A sign-in, and the family of refresh tokens that grew from it.

use sea_orm::entity::prelude::*;

/// The row of `session`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Row number, the `sid` of access tokens.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// What successors of refresh tokens are derived with: 32 bytes, worth nothing without a token.
    pub secret: Vec<u8>,
    /// SHA-256 of the refresh token that may be exchanged.
    pub current_hash: String,
    /// SHA-256 of the one before it.
    pub previous_hash: Option<String>,
    /// When it was exchanged: milliseconds since 1970, UTC.
    pub rotated_ms: i64,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// The last exchange: milliseconds since 1970, UTC.
    pub used_ms: i64,
    /// The end of the family: milliseconds since 1970, UTC.
    pub expires_ms: i64,
    /// Ended before its time: milliseconds since 1970, UTC.
    pub revoked_ms: Option<i64>,
}

/// No relation is followed through the entity.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
