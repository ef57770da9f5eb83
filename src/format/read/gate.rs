//! What every geometry of every format passes: conversion to WGS 84, the gate, validity, and repair where it is asked for.

use crate::error::{Error, Result};
use crate::format::feature::{Feature, Format, Item, ReadOptions, Rejected, SourceInfo};
use crate::format::read::repair;
use crate::format::read::system::System;
use crate::format::read::text::Text;
use crate::geometry::wkb::{Vertex, Wkb, WkbFault, rewrite};
use crate::geometry::{Geometry, validity};

/// Characters of an excerpt.
const EXCERPT_CHARS: usize = 120;

/// The reference system of a source, and what to do with shapes that are not valid.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pub(super) system: System,
    pub(super) repair: bool,
}

/// A geometry as its source has it: WKB that passed no gate, and the reference system that it names for itself.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) wkb: Vec<u8>,
    pub(super) srid: Option<i64>,
}

impl From<Vec<u8>> for Raw {
    fn from(wkb: Vec<u8>) -> Self {
        Self { wkb, srid: None }
    }
}

/// A geometry that can be stored, and what was mended in it.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) geometry: Geometry,
    pub(super) repaired: Option<String>,
}

impl Gate {
    /// The gate of a source that names its system so, or does not; `--source-crs` stands in where the file is silent or unclear.
    pub(super) fn new(named: Option<Result<System>>, options: &ReadOptions) -> Result<Self> {
        let given = options.source_crs.as_deref().map(System::of_name).transpose();
        let given = given.map_err(|error| error.at("sourceCrs"))?;
        let system = match (named, given) {
            (Some(Ok(named)), _) => named,
            (_, Some(given)) => given,
            (Some(Err(error)), None) => return Err(error),
            (None, None) => System::wgs84(),
        };
        Ok(Self { system, repair: options.repair })
    }

    /// What is known of a text whose features differ from each other and are not counted.
    pub(super) fn info_of(&self, format: Format, text: &Text) -> SourceInfo {
        SourceInfo {
            format,
            crs: self.system.name().to_owned(),
            columns: Vec::new(),
            announced: None,
            notes: text.note.iter().cloned().chain(self.system.note()).collect(),
        }
    }

    /// Lets one geometry in, or says what is wrong with it. A reference system of its own goes before that of the source.
    pub(super) fn admit(&self, wkb: Vec<u8>, srid: Option<i64>) -> Result<Admitted> {
        let own = srid.filter(|srid| *srid != 0).map(|srid| u32::try_from(srid).unwrap_or(u32::MAX));
        let own = own.map(System::of_epsg).transpose()?;
        let system = own.as_ref().unwrap_or(&self.system);
        let checked = Wkb::check(&wkb)?;
        let wkb = if system.is_wgs84() && checked.srid().is_none() { wkb } else { convert(checked, system)? };
        if !self.repair {
            return Ok(Admitted { geometry: valid(wkb)?, repaired: None });
        }
        match valid(wkb.clone()) {
            Ok(geometry) => Ok(Admitted { geometry, repaired: None }),
            Err(fault) => match repair::mend(&wkb)? {
                Some((geometry, sentence)) => Ok(Admitted { geometry, repaired: Some(sentence) }),
                None => Err(fault),
            },
        }
    }

    /// The feature as an item of its source: a geometry that is refused takes its feature with it, and nothing else.
    pub(super) fn item(&self, mut feature: Feature, raw: Option<Raw>, excerpt: &str) -> Item {
        let Some(Raw { wkb, srid }) = raw else {
            return Item::Feature(Box::new(feature));
        };
        match self.admit(wkb, srid) {
            Ok(Admitted { geometry, repaired }) => {
                feature.geometry = Some(geometry);
                feature.repaired = repaired;
                Item::Feature(Box::new(feature))
            }
            Err(error) => rejected(error.at("geometry"), excerpt),
        }
    }
}

fn valid(wkb: Vec<u8>) -> Result<Geometry> {
    let geometry = Geometry::from_wkb(wkb)?;
    validity::check(geometry.wkb())?;
    Ok(geometry)
}

fn convert(wkb: Wkb<'_>, system: &System) -> Result<Vec<u8>> {
    let mut fault = None;
    let bytes = rewrite(wkb.bytes(), |_, positions, row| {
        for vertex in positions.iter() {
            let (x, y) = system.to_wgs84(vertex.x, vertex.y).unwrap_or_else(|error| {
                fault.get_or_insert(error);
                (vertex.x, vertex.y)
            });
            row.push(Vertex { x, y, ..vertex });
        }
    });
    match fault {
        Some(fault) => Err(fault),
        None => bytes.map_err(|fault: WkbFault| fault.into()),
    }
}

/// What cannot be stored, with its first characters.
pub(super) fn rejected(error: Error, excerpt: &str) -> Item {
    let is_long = excerpt.chars().nth(EXCERPT_CHARS).is_some();
    let mut text: String = excerpt.chars().take(EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if is_long {
        text.push('…');
    }
    Item::Rejected(Rejected { error, excerpt: text })
}

/// The first bytes as text, for an excerpt.
pub(super) fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..4 * EXCERPT_CHARS + 4).unwrap_or(bytes)).into_owned()
}
