//! How the ids of a location travel in the files that Cairn writes, so that it knows them again.
//!
//! A table is one of ours by its first columns, a Placemark by its id, GPX by its creator. What another program has changed in such
//! a file counts as it stands. GeoJSON needs none of this: its external id is a foreign member.

use std::borrow::Cow;

use serde_json::Value;

use crate::format::feature::Feature;

/// The first columns of a table; GeoPackage calls the first one `fid`.
pub(crate) const COLUMNS: [&str; 3] = ["id", EXTERNAL_ID, NAME];
/// The column, or what stands for one.
pub(crate) const EXTERNAL_ID: &str = "external_id";
/// What GPX says of who wrote it.
pub(crate) const CREATOR: &str = "Cairn";
/// What the ids of Placemarks begin with.
pub(crate) const PLACEMARK: &str = "location-";

/// The column of the name of a location.
pub(crate) const NAME: &str = "name";
/// Stands before the name of a property that is the name of another column.
const PREFIX: &str = "property_";
/// Names that a property does not get; those of CSV in every format, so that one rule holds.
const TAKEN: [&str; 7] = ["id", EXTERNAL_ID, NAME, "longitude", "latitude", "height", "geometry"];

/// The name of the column of a property. One that is taken, also behind prefixes, gets a prefix: then the one that
/// [`claim`] takes away is always one that was put there.
pub(crate) fn column(property: &str) -> Cow<'_, str> {
    if is_taken(property) { Cow::Owned(format!("{PREFIX}{property}")) } else { Cow::Borrowed(property) }
}

fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name.trim_start_matches(PREFIX))
}

/// Whether a table has our first columns.
pub(crate) fn is_table<'a>(columns: impl Iterator<Item = &'a str>) -> bool {
    columns.take(COLUMNS.len()).eq(COLUMNS)
}

/// Whether a Placemark with this id is one of ours.
pub(crate) fn is_placemark(id: &str) -> bool {
    id.strip_prefix(PLACEMARK).is_some_and(|number| number.parse::<i64>().is_ok())
}

/// Takes id and external id out of the properties, and gives properties with a prefix their names back. One that is called
/// `name` keeps its prefix: in an import that word is the name itself.
pub(crate) fn claim(feature: &mut Feature) {
    let [id, external_id, name] = COLUMNS;
    if let Some(Value::Number(number)) = feature.properties.shift_remove(id) {
        feature.id = Some(number.to_string());
    }
    feature.external_id = match feature.properties.shift_remove(external_id) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    if feature.properties.get(name).is_some_and(Value::is_null) {
        feature.properties.shift_remove(name);
    }
    let inner =
        |key: &str| key.strip_prefix(PREFIX).filter(|inner| is_taken(inner) && *inner != name).map(str::to_owned);
    if feature.properties.keys().any(|key| inner(key).is_some()) {
        let properties = std::mem::take(&mut feature.properties).into_iter();
        feature.properties = properties.map(|(key, value)| (inner(&key).unwrap_or(key), value)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_property_gets_its_name_back() {
        for (property, written) in [
            ("population", "population"),
            ("id", "property_id"),
            ("property_id", "property_property_id"),
            ("property_x", "property_x"),
            ("geometry", "property_geometry"),
        ] {
            assert_eq!(column(property), written);
            let properties = json!({ "id": 7, "external_id": "x", "name": null, written: 1 });
            let mut feature = Feature { properties: properties.as_object().unwrap().clone(), ..Feature::default() };
            claim(&mut feature);
            assert_eq!((feature.id.as_deref(), feature.external_id.as_deref()), (Some("7"), Some("x")));
            assert_eq!(Value::Object(feature.properties), json!({ property: 1 }));
        }
    }

    #[test]
    fn only_files_of_ours_are_known() {
        assert!(is_table(["id", "external_id", "name", "a"].into_iter()));
        assert!(!is_table(["id", "name", "external_id"].into_iter()));
        assert!(!is_table(["id", "external_id"].into_iter()));
        assert!(is_placemark("location-17"));
        assert!(!is_placemark("location-x") && !is_placemark("17"));
    }
}
