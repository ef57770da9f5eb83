//! An account: who signs in, and the most it may.

use sea_orm::entity::prelude::*;

/// The row of `account`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    /// Row number, the actor of what the account writes.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name it signs in with, as it was given.
    pub username: String,
    /// The name as names are compared: folded, unique.
    pub username_key: String,
    /// `VIEWER`, `EDITOR` or `ADMIN`.
    pub role: String,
    /// Whether it may not sign in; its tokens are worth nothing then.
    pub disabled: bool,
    /// Where its owner is reached, as it was given.
    pub email: Option<String>,
    /// The address as addresses are compared: folded, unique.
    pub email_key: Option<String>,
    /// Whether its owner has followed a link that went to the address.
    pub email_verified: bool,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// Milliseconds since 1970, UTC.
    pub updated_ms: i64,
}

/// No relation is followed through the entity.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
