//! A location: a feature with a name, a geometry and free properties.

use sea_orm::entity::prelude::*;

/// The row of `location`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "location")]
pub struct Model {
    /// Row number, the feature id in GIS programs.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// A GeoPackage blob in SRS 4326.
    #[sea_orm(column_type = "Blob")]
    pub geom: Vec<u8>,
    /// The layer it belongs to.
    pub layer_id: i64,
    /// The name that its source gives it, unique in its layer.
    pub external_id: Option<String>,
    /// The name a person reads; may be empty.
    pub name: String,
    /// A JSON object, kept to the letter.
    pub properties: String,
    /// Counts the changes, from 1.
    pub version: i64,
    /// RFC 3339 with milliseconds, UTC.
    pub created_at: String,
    /// RFC 3339 with milliseconds, UTC.
    pub updated_at: String,
    /// The account that made it.
    pub created_by: Option<i64>,
    /// The account that changed it last; none when a GIS program did.
    pub updated_by: Option<i64>,
}

/// No relation is followed through the entity: the query path joins by itself.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
