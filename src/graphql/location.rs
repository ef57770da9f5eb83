//! `Location` as the ordinary path resolves it, field by field. Lists of plain fields take the shorter way of
//! [`rendered`](crate::graphql::rendered); a test holds both to the same bytes.

#![expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::error::{Error, Result};
use crate::format::geojson::write_geometry;
use crate::geometry::wkb::Wkb;
use crate::geometry::{self, geodesic, wkt};
use crate::graphql::accounts::{User, somebody};
use crate::graphql::context::to_int;
use crate::graphql::layer::Layer;
use crate::graphql::scalars::{DateTime, GeoJson, Json};
use crate::graphql::shapes::{BBox, GeometryType, Position, PositionInput, centroid};
use crate::model::LocationRow;
use crate::model::time::parse_timestamp;
use crate::service::LocationPage;

/// Decimals of a coordinate when nothing is said: about a centimetre.
pub const DEFAULT_PRECISION: i32 = 7;

/// One row of a page.
#[derive(Debug, Clone)]
pub struct Location {
    page: Arc<LocationPage>,
    index: usize,
    /// Whether the question had a place to measure from.
    near: bool,
}

/// The decimals asked for, checked.
pub fn check_precision(precision: Option<i32>) -> Result<u8> {
    u8::try_from(precision.unwrap_or(DEFAULT_PRECISION))
        .ok()
        .filter(|precision| *precision <= 15)
        .ok_or_else(|| Error::bad_input("precision is between 0 and 15 decimals").at("precision"))
}

/// The tolerance asked for, checked: metres, more than zero.
pub fn check_simplify(meters: Option<f64>) -> Result<Option<f64>> {
    match meters {
        Some(meters) if !(meters.is_finite() && meters >= 0.0) => {
            Err(Error::bad_input("a tolerance is a number of metres from 0 up").at("simplifyMeters"))
        }
        Some(0.0) => Ok(None),
        meters => Ok(meters),
    }
}

impl Location {
    /// The row at `index` of a page.
    pub fn new(page: Arc<LocationPage>, index: usize, near: bool) -> Self {
        Self { page, index, near }
    }

    /// All rows of a page.
    pub fn all(page: &Arc<LocationPage>, near: bool) -> Vec<Self> {
        (0..page.answer.rows.len()).map(|index| Self::new(Arc::clone(page), index, near)).collect()
    }

    fn row(&self) -> Result<LocationRow<'_>> {
        self.page.answer.rows.row(self.index)
    }
}

// What a field costs counts for each location of a page: one that is only written costs nothing beyond the location itself, one
// that is computed from the shape costs as much again.
/// A named place with a geometry and free properties (a GeoJSON and OGC feature).
#[Object]
impl Location {
    /// The id; opaque.
    #[graphql(complexity = 0)]
    async fn id(&self) -> Result<ID> {
        Ok(self.row()?.id.into())
    }

    /// The name that its source gives it, unique in its layer.
    #[graphql(complexity = 0)]
    async fn external_id(&self) -> Result<Option<&str>> {
        Ok(self.row()?.external_id)
    }

    /// The layer it belongs to.
    #[graphql(complexity = "child_complexity")]
    async fn layer(&self) -> Result<Layer> {
        let row = self.row()?;
        let layer = self.page.access.layer(row.layer).ok_or_else(|| Error::internal("a row of a hidden layer"))?;
        Ok(Layer::new(layer, &self.page.access))
    }

    /// The name; may be empty.
    #[graphql(complexity = 0)]
    async fn name(&self) -> Result<&str> {
        Ok(self.row()?.name)
    }

    /// The properties: a JSON object, numbers to the letter.
    #[graphql(complexity = 0)]
    async fn properties(&self) -> Result<Json> {
        Ok(Json::Written(self.row()?.properties.to_owned().into()))
    }

    /// The geometry; an empty collection where another program stored one that cannot be read.
    #[graphql(complexity = "usize::from(simplify_meters.is_some())")]
    async fn geometry(
        &self,
        #[graphql(desc = "Decimals of a coordinate, 0 to 15", default_with = "Some(DEFAULT_PRECISION)")]
        precision: Option<i32>,
        #[graphql(desc = "Shapes may deviate so many metres")] simplify_meters: Option<f64>,
    ) -> Result<GeoJson> {
        let mut out = Vec::new();
        write_geometry(&self.row()?, check_precision(precision)?, check_simplify(simplify_meters)?, &mut out)?;
        Ok(GeoJson(Json::Written(out.into())))
    }

    /// Which of the seven types.
    #[graphql(complexity = 0)]
    async fn geometry_type(&self) -> Result<GeometryType> {
        Ok(self.row()?.geometry()?.geometry_type().into())
    }

    /// The geometry as well-known text, with all digits.
    #[graphql(complexity = 1)]
    async fn wkt(&self) -> Result<String> {
        wkt::write(self.row()?.geometry()?)
    }

    /// The planar extent in degrees.
    #[graphql(complexity = 0)]
    async fn bbox(&self) -> Result<BBox> {
        Ok(self.row()?.geometry()?.envelope().into())
    }

    /// The planar centroid.
    #[graphql(complexity = 1)]
    async fn centroid(&self) -> Result<Position> {
        centroid(self.row()?.geometry()?)
    }

    /// Geodesic area on the WGS 84 ellipsoid in square metres; null for points and lines.
    #[graphql(complexity = 1)]
    async fn area_square_meters(&self) -> Result<Option<f64>> {
        let wkb = self.row()?.geometry()?;
        Ok(has_dimension(wkb, 2).then(|| geodesic::area_square_meters(wkb)))
    }

    /// Geodesic length of lines on the WGS 84 ellipsoid in metres; null for points and polygons.
    #[graphql(complexity = 1)]
    async fn length_meters(&self) -> Result<Option<f64>> {
        let wkb = self.row()?.geometry()?;
        Ok(has_dimension(wkb, 1).then(|| geodesic::length_meters(wkb)))
    }

    /// Geodesic metres from `near` to the nearest point of the location; an error in a question without `near`.
    #[graphql(complexity = 0)]
    async fn distance_meters(&self) -> Result<Option<f64>> {
        if !self.near {
            return Err(no_near());
        }
        Ok(self.row()?.distance_meters)
    }

    /// Geodesic metres from a position to the nearest point of the location.
    #[graphql(complexity = 1)]
    async fn distance_to(&self, #[graphql(desc = "Where to measure from")] position: PositionInput) -> Result<f64> {
        let position = position.check().map_err(|error| error.at("position"))?;
        let point = geometry::Geometry::point(position);
        let target = geodesic::Target::new(point.wkb())?;
        target
            .distance(self.row()?.geometry()?)
            .ok_or_else(|| Error::invalid_geometry("an empty geometry has no distance"))
    }

    /// Counts the changes, from 1; send it back with an update so that nobody's work is overwritten.
    #[graphql(complexity = 0)]
    async fn version(&self) -> Result<i32> {
        Ok(to_int(self.row()?.version))
    }

    /// Time of creation.
    #[graphql(complexity = 0)]
    async fn created_at(&self) -> Result<DateTime> {
        parse_timestamp(self.row()?.created_at).map(DateTime)
    }

    /// Time of the last change.
    #[graphql(complexity = 0)]
    async fn updated_at(&self) -> Result<DateTime> {
        parse_timestamp(self.row()?.updated_at).map(DateTime)
    }

    /// Who made it, for whoever signed in; null for visitors, when another program or the server did it, and when the account
    /// is gone.
    #[graphql(complexity = "child_complexity")]
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<User>> {
        somebody(context, self.row()?.created_by).await
    }

    /// Who changed it last, for whoever signed in; null as with `createdBy`.
    #[graphql(complexity = "child_complexity")]
    async fn updated_by(&self, context: &Context<'_>) -> Result<Option<User>> {
        somebody(context, self.row()?.updated_by).await
    }
}

/// The error of `distanceMeters` in a question without `near`.
pub fn no_near() -> Error {
    Error::bad_input("distanceMeters needs `near`: say where to measure from").at("distanceMeters")
}

fn has_dimension(wkb: Wkb<'_>, dimension: u8) -> bool {
    use crate::geometry::GeometryType as T;
    match wkb.geometry_type() {
        T::Point | T::MultiPoint => false,
        T::LineString | T::MultiLineString => dimension == 1,
        T::Polygon | T::MultiPolygon => dimension == 2,
        // A collection may hold either: what it lacks measures 0.
        T::GeometryCollection => true,
    }
}
