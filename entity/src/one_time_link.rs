//! A link that is good once: for the first administrator, a registration, an invitation or a new password.

use sea_orm::entity::prelude::*;

/// The row of `one_time_link`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "one_time_link")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `SET_UP`, `REGISTRATION`, `INVITATION` or `PASSWORD_RESET`.
    pub purpose: String,
    /// SHA-256 of the token, unique.
    pub hash: String,
    /// The account that it is for, where there is one.
    pub account_id: Option<i64>,
    /// The address that it is for, as addresses are compared.
    pub email_key: Option<String>,
    /// What the purpose needs, as JSON.
    pub details: String,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// Milliseconds since 1970, UTC.
    pub expires_ms: i64,
}

/// No relation is followed through the entity.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
