//! A layer: a named set of locations, with who may see it and how it is drawn.

use sea_orm::entity::prelude::*;

/// The row of `layer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "layer")]
pub struct Model {
    /// Row number; never shown to a client, who knows the key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name in addresses and filters, unique.
    pub key: String,
    /// The name a person reads.
    pub title: String,
    /// What the layer holds, in a sentence or two.
    pub description: String,
    /// Who is to be credited for the data.
    pub attribution: String,
    /// `PUBLIC` or `PRIVATE`.
    pub visibility: String,
    /// How a map draws it: a JSON object.
    pub style: String,
    /// Drawing order, lowest first.
    pub position: i64,
    /// What the properties of its locations keep to: a JSON Schema.
    pub property_schema: Option<String>,
    /// UTC; kept with milliseconds.
    pub created_at: DateTimeUtc,
    /// UTC; kept with milliseconds.
    pub updated_at: DateTimeUtc,
}

/// No relation is followed through the entity: the query path joins by itself.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
