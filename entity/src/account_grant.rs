//! What an account may on one layer.

use sea_orm::entity::prelude::*;

/// The row of `account_grant`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_grant")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: i64,
    /// The layer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub layer_id: i64,
    /// `VIEWER` or `EDITOR`.
    pub role: String,
}

/// No relation is followed through the entity.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
