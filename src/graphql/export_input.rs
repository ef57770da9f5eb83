//! The question of an export as an address, a command line or a job has it: every value a text.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::format::feature::Format;
use crate::geometry::BBox;
use crate::graphql::filter_input::filter_from_json;
use crate::model::export::ExportJob;
use crate::query::{Filter, Test};
use crate::service::exports::ExportQuestion;

/// Decimals of an export when nothing is said: every digit that a double has.
const ALL_DECIMALS: u8 = 15;

/// The options of an export, as they came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExportInput {
    /// `west,south,east,north` in degrees.
    pub bbox: Option<String>,
    /// The JSON of a `LocationFilter`.
    pub filter: Option<String>,
    /// A whole number.
    pub limit: Option<String>,
    /// Names by comma; empty for none.
    pub properties: Option<String>,
    /// 0 to 15.
    pub precision: Option<String>,
}

impl ExportInput {
    /// Puts in the option of that name; refuses one that is unknown or comes twice.
    pub fn set(&mut self, name: &str, value: String) -> Result<()> {
        let place = match name {
            "bbox" => &mut self.bbox,
            "filter" => &mut self.filter,
            "limit" => &mut self.limit,
            "properties" => &mut self.properties,
            "precision" => &mut self.precision,
            _ => {
                let sentence =
                    "there is no such parameter; these are: bbox, filter, limit, properties, precision, losses";
                return Err(Error::bad_input(sentence).at(name));
            }
        };
        if place.replace(value).is_some() {
            return Err(Error::bad_input("this parameter stands twice").at(name));
        }
        Ok(())
    }

    /// The question, every value through its check.
    pub fn question(self, layer: String, format: Format) -> Result<ExportQuestion> {
        let Self { bbox, filter, limit, properties, precision } = self;
        let bbox = bbox.map(|text| read_bbox(&text)).transpose().map_err(|error| error.at("bbox"))?;
        let filter = filter.map(|text| filter_from_json(&text)).transpose()?;
        let number = |text: &str| text.parse::<u64>().ok();
        let limit = limit.map(|text| number(&text).ok_or_else(|| whole("limit"))).transpose()?;
        if precision.is_some() && !matches!(format, Format::GeoJson | Format::GeoJsonLines) {
            let sentence = "only GeoJSON takes a precision: the other formats hold every digit";
            return Err(Error::bad_input(sentence).at("precision"));
        }
        let precision = precision.map_or(Some(ALL_DECIMALS), |text| text.parse().ok().filter(|p| *p <= ALL_DECIMALS));
        Ok(ExportQuestion {
            layer,
            format,
            filter: match (bbox, filter) {
                (None, filter) => filter,
                (Some(bbox), None) => Some(bbox),
                (Some(bbox), Some(filter)) => Some(Filter::And(vec![bbox, filter])),
            },
            limit,
            properties: properties.map(|names| names_of(&names)),
            precision: precision
                .ok_or_else(|| Error::bad_input("precision is between 0 and 15 decimals").at("precision"))?,
        })
    }
}

/// The question of a job, read again from what was kept of it.
pub fn question_of(job: &ExportJob) -> Result<ExportQuestion> {
    let input: ExportInput = serde_json::from_str(&job.options).map_err(Error::internal)?;
    let format = Format::from_key(&job.format).ok_or_else(|| Error::internal("an export in an unknown format"))?;
    input.question(job.layer.clone(), format)
}

fn whole(name: &str) -> Error {
    Error::bad_input("this must be a whole number").at(name)
}

fn names_of(list: &str) -> Vec<String> {
    list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn read_bbox(text: &str) -> Result<Filter> {
    let sides: Option<Vec<f64>> = text.split(',').map(|side| side.trim().parse().ok()).collect();
    let [west, south, east, north] = sides.as_deref().unwrap_or_default() else {
        return Err(Error::bad_input("a box is west,south,east,north in degrees"));
    };
    Ok(Filter::Test(Test::Bbox(BBox::new(*west, *south, *east, *north)?)))
}
