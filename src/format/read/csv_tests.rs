//! Tables and lists as spreadsheets, databases and people write them.

use serde_json::{Value, json};

use crate::format::feature::{Format, ReadOptions};
use crate::format::read::testing::{fault, read, read_text};

fn point(x: f64, y: f64) -> Value {
    let plain = |number: f64| serde_json::from_str::<Value>(&number.to_string()).unwrap();
    json!({"type": "Point", "coordinates": [plain(x), plain(y)]})
}

#[test]
fn positions_are_found_by_the_names_of_columns() {
    for header in [
        "lon,lat",
        "lat,lon",
        "Longitude,Latitude",
        "LNG,LAT",
        "x,y",
        "Y,X",
        "easting,northing",
        "Längengrad,Breitengrad",
        "geo_lon,geo_lat",
        "stop_lat,stop_lon",
        "longitud,latitud",
        "долгота,широта",
        "Long. (WGS84),Lat. (WGS84)",
        "decimalLongitude,decimalLatitude",
        "lon_deg,lat_deg",
        "GPS Longitude,GPS Latitude",
        "经度,纬度",
    ] {
        let swapped = ["lat", "y,", "stop_lat"].iter().any(|start| header.to_lowercase().starts_with(start));
        let row = if swapped { "2,1" } else { "1,2" };
        let all = read_text(&format!("name,{header}\na,{row}\n"));
        assert_eq!(all.geometries(), [point(1.0, 2.0)], "{header}");
        assert_eq!(all.properties(), [json!({"name": "a"})], "{header}");
        assert_eq!(all.info.columns, ["name"], "{header}");
    }
}

#[test]
fn every_delimiter_encoding_and_line_end_is_read() {
    let text = "name;lon;lat;n\r\nZürich;8,54;47,37;1\r\n\"a;\"\"b\"\"\nc\";0,5;-1,25;2\r\n";
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let wide = |little: bool| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    let marked = format!("\u{feff}{text}").into_bytes();
    for (bytes, note) in [
        (text.as_bytes().to_vec(), ""),
        (marked, ""),
        (latin, "windows-1252"),
        (wide(true), "UTF-16LE"),
        (wide(false), "UTF-16BE"),
    ] {
        let all = read(&bytes, ReadOptions::default()).unwrap();
        assert_eq!(all.info.format, Format::Csv);
        assert_eq!(all.geometries(), [point(8.54, 47.37), point(0.5, -1.25)]);
        assert_eq!(all.properties(), [json!({"name": "Zürich", "n": 1}), json!({"name": "a;\"b\"\nc", "n": 2})]);
        assert!(all.info.notes.iter().any(|said| said.contains(note)), "{:?}", all.info.notes);
    }
    for text in ["lon\tlat\tv\n1\t2\ta,b\n", "lon|lat|v\n1|2|a,b\n", "lon;lat;v\n1;2;a,b\n", "lon,lat,v\n1,2,\"a,b\""] {
        let all = read_text(text);
        assert_eq!((all.geometries(), all.properties()), (vec![point(1.0, 2.0)], vec![json!({"v": "a,b"})]), "{text}");
    }
}

#[test]
fn a_column_is_what_all_of_its_values_are() {
    let all = read_text(
        "lon,lat,zip,i,big,d,t,b,e\n\
         1,2,01234,1,18446744073709551615,1.5,1,true,\n\
         1,2,12345,-2,-9223372036854775808,2,x,FALSE,\n\
         1,2,,,1,,,,\n",
    );
    assert_eq!(
        serde_json::to_string(&all.properties()).unwrap(),
        concat!(
            r#"[{"zip":"01234","i":1,"big":18446744073709551615,"d":1.5,"t":"1","b":true,"e":null},"#,
            r#"{"zip":"12345","i":-2,"big":-9223372036854775808,"d":2,"t":"x","b":false,"e":null},"#,
            r#"{"zip":null,"i":null,"big":1,"d":null,"t":null,"b":null,"e":null}]"#
        )
    );
    // More digits than a number keeps stay a text.
    let all = read_text("lon,lat,n,d\n1,2,18446744073709551616,0.12345678901234567890\n");
    assert_eq!(all.properties(), [json!({"n": "18446744073709551616", "d": "0.12345678901234567890"})]);
}

#[test]
fn a_geometry_column_is_found_by_its_values() {
    let line = json!({"type": "LineString", "coordinates": [[0, 0], [1, 1]]});
    for cell in [
        "\"LINESTRING(0 0,1 1)\"",
        "\"SRID=4326;LINESTRING(0 0,1 1)\"",
        "\"srid=3857;linestring(0 0,111319.49079327358 111325.1428663851)\"",
        "\"{\"\"type\"\":\"\"LineString\"\",\"\"coordinates\"\":[[0,0],[1,1]]}\"",
        "01020000000200000000000000000000000000000000000000000000000000F03F000000000000F03F",
        "0102000020E61000000200000000000000000000000000000000000000000000000000F03F000000000000F03F",
        "00000000020000000200000000000000000000000000000000 3FF00000000000003FF0000000000000",
    ] {
        let cell = cell.replace(' ', if cell.starts_with("0000") { "" } else { " " });
        let all = read_text(&format!("id,what,lon,lat\na,{cell},5,5\nb,,5,5\n"));
        assert_eq!(all.geometries(), [line.clone(), Value::Null], "{cell}");
        assert_eq!(all.info.columns, ["id", "lon", "lat"]);
    }
}

#[test]
fn the_sender_may_name_the_columns_and_the_system() {
    let options = ReadOptions {
        position_columns: Some(("RECHTS".to_owned(), "hoch".to_owned())),
        source_crs: Some("EPSG:25832".to_owned()),
        ..ReadOptions::default()
    };
    let all = read(b"rechts;hoch;lon;lat\n500000;0;7;8\n", options.clone()).unwrap();
    assert_eq!(all.geometries(), [point(9.0, 0.0)]);
    assert_eq!((all.info.crs.as_str(), all.properties()[0].clone()), ("EPSG:25832", json!({"lon": 7, "lat": 8})));
    assert!(fault(b"a;b\n1;2\n", options).1.contains("the columns are a, b"));
    let (_, message) = fault(b"a;b\n1;2\n", ReadOptions::default());
    assert!(message.contains("no column says where the rows are") && message.contains("a, b"), "{message}");
}

#[test]
fn a_row_that_is_wrong_is_told_and_the_next_is_read() {
    let all = read_text("lon,lat,n\n1,2,a\n1,2\n1,2,b,c\nx,2,d\n,2,e\n,,f\n200,2,g\n1,2,h\n");
    assert_eq!((all.features.len(), all.rejected.len()), (3, 5));
    let said: Vec<_> = all.rejected.iter().map(|one| one.error.to_string()).collect();
    assert!(said[0].contains("2 values, the header 3") && said[2].contains("lon: \"x\" is no number"), "{said:?}");
    assert!(said[3].contains("one of two coordinates is missing") && said[4].contains("200"), "{said:?}");
    assert_eq!(all.rejected[2].excerpt, "x,2,d");
    assert_eq!(all.info.announced, Some(8));
}

#[test]
fn names_of_columns_are_made_different() {
    let all = read_text("lon,lat,a,,a,\n1,2,x,y,z,w\n");
    assert_eq!(all.properties(), [json!({"a": "x", "column_4": "y", "a_2": "z", "column_6": "w"})]);
}

#[test]
fn a_list_of_wkt_is_read_line_by_line() {
    let all = read_text(
        "POINT (1 2)\r\n\nSRID=3857;POINT(111319.49079327358 0)\npoint z(1 2 3)\nPOINT(1)\nPOLYGON((0 0,1 0,1 1))\n",
    );
    assert_eq!(all.info.format, Format::Wkt);
    let high = json!({"type": "Point", "coordinates": [1, 2, 3]});
    assert_eq!((all.geometries(), all.rejected.len()), (vec![point(1.0, 2.0), point(1.0, 0.0), high], 2));
}

#[test]
fn a_tangle_is_refused_before_it_takes_all_memory() {
    let options = ReadOptions { repair: true, ..ReadOptions::default() };
    // Every edge of the star crosses nearly every other.
    let corner = |number: usize| {
        let angle = f64::from(u32::try_from(number * 1_000 % 2_001).unwrap()) / 2_001.0 * std::f64::consts::TAU;
        format!("{} {}", angle.cos(), angle.sin())
    };
    let corners: Vec<String> = (0..=2_001).map(corner).collect();
    let all = read(format!("POLYGON(({}))\n", corners.join(",")).as_bytes(), options).unwrap();
    assert_eq!((all.features.len(), all.rejected.len()), (0, 1));
}

#[test]
fn what_is_mended_is_told() {
    let options = ReadOptions { repair: true, ..ReadOptions::default() };
    let text = "POLYGON((0 0,1 0,1 1))\nPOLYGON((0 0,2 2,2 0,0 2,0 0))\nLINESTRING(0 0,0 0,1 1)\nPOLYGON((0 0,1 1,0 0))\n\
                GEOMETRYCOLLECTION(POINT(1 1),POLYGON((0 0,4 0,4 0,0 4)))\nPOLYGON((0 0,1 0,1 1,0 0))\n";
    let all = read(text.as_bytes(), options).unwrap();
    let told: Vec<_> = all.features.iter().map(|feature| feature.repaired.as_deref().unwrap_or("")).collect();
    assert_eq!(
        told,
        [
            "an open ring was closed",
            "a polygon that crosses itself was rebuilt",
            "",
            "an open ring was closed, a repeated position was dropped",
            ""
        ]
    );
    assert_eq!(all.rejected.len(), 1, "a polygon without area cannot be mended");
    assert_eq!(all.geometries()[1]["type"], "MultiPolygon");
}
