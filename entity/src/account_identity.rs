//! Who an account is to an OpenID Connect issuer.

use sea_orm::entity::prelude::*;

/// The row of `account_identity`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_identity")]
pub struct Model {
    /// The issuer, as it names itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// The issuer's name for the person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// The account.
    pub account_id: i64,
    /// When the token was signed that the role of the account comes from, in seconds since 1970.
    pub issued_s: i64,
}

/// No relation is followed through the entity.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
