//! KML and GPX as programs and people write them.

use serde_json::{Value, json};

use crate::error::ErrorCode;
use crate::format::feature::{Format, ReadOptions};
use crate::format::read::testing::{fault, read_text};

fn kml(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><kml xmlns=\"http://www.opengis.net/kml/2.2\" xmlns:gx=\"g\"><Document>{inside}</Document></kml>"
    )
}

#[test]
fn placemarks_are_read_with_their_data_and_folders() {
    let all = read_text(&kml(
        "<name>doc</name><Schema id=\"s\"><SimpleField type=\"int\" name=\"n\"/><SimpleField type=\"bool\" name=\"b\"/></Schema>
         <Folder><name>A</name><Folder><name>B &amp; C</name>
           <Placemark id=\"p1\"><name><![CDATA[<b>]]> &#252;</name><description>d</description>
             <TimeStamp><when>2024-02-29</when></TimeStamp><LookAt><longitude>1</longitude></LookAt>
             <ExtendedData><Data name=\"k\"><displayName>K</displayName><value>007</value></Data>
               <SchemaData schemaUrl=\"#s\"><SimpleData name=\"n\">9007199254740993</SimpleData><SimpleData name=\"b\">1</SimpleData>
               <SimpleData name=\"t\">x</SimpleData></SchemaData></ExtendedData>
             <Point><coordinates> 8.5,47.25,400 </coordinates></Point></Placemark>
         </Folder></Folder><Placemark><name>none</name></Placemark>",
    ));
    assert_eq!(all.info.format, Format::Kml);
    assert_eq!(
        serde_json::to_string(&all.properties()[0]).unwrap(),
        r#"{"name":"<b> ü","description":"d","time":"2024-02-29","k":"007","n":9007199254740993,"b":true,"t":"x","folder":"A/B & C"}"#
    );
    assert_eq!(all.features[0].id.as_deref(), Some("p1"));
    assert_eq!(all.geometries(), [json!({"type": "Point", "coordinates": [8.5, 47.25, 400]}), Value::Null]);
}

#[test]
fn every_geometry_of_kml_is_read() {
    let point = "<Point><coordinates>1,2</coordinates></Point>";
    let line = "<LineString><name>x</name><coordinates>\n0,0 1,1\n</coordinates></LineString>";
    let polygon = "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 4,0 4,4 0,0</coordinates></LinearRing></outerBoundaryIs>\
        <innerBoundaryIs><LinearRing><coordinates>2,1 3,1 3,2 2,1</coordinates></LinearRing></innerBoundaryIs></Polygon>";
    let points = json!({"type": "Point", "coordinates": [1, 2]});
    let lines = json!({"type": "LineString", "coordinates": [[0, 0], [1, 1]]});
    let area = json!({"type": "Polygon", "coordinates": [
        [[0, 0], [4, 0], [4, 4], [0, 0]], [[2, 1], [3, 2], [3, 1], [2, 1]]]});
    for (inside, wanted) in [
        (point.to_owned(), points.clone()),
        (line.to_owned(), lines.clone()),
        (polygon.to_owned(), area.clone()),
        ("<LineString><coordinates>0, 0 1 ,1</coordinates></LineString>".to_owned(), lines.clone()),
        ("<LinearRing><coordinates>0,0 1,1</coordinates></LinearRing>".to_owned(), lines.clone()),
        (
            "<gx:Track><when>a</when><when>b</when><gx:coord>0 0 5</gx:coord><gx:coord>1 1 6</gx:coord></gx:Track>"
                .to_owned(),
            json!({"type": "LineString", "coordinates": [[0, 0, 5], [1, 1, 6]]}),
        ),
        (
            format!("<MultiGeometry>{point}{point}</MultiGeometry>"),
            json!({"type": "MultiPoint", "coordinates": [[1, 2], [1, 2]]}),
        ),
        (
            format!("<MultiGeometry>{point}<MultiGeometry>{line}{polygon}</MultiGeometry></MultiGeometry>"),
            json!({"type": "GeometryCollection", "geometries": [
                points, {"type": "GeometryCollection", "geometries": [lines, area]}]}),
        ),
    ] {
        let all = read_text(&kml(&format!("<Placemark>{inside}</Placemark>")));
        assert!(all.rejected.is_empty(), "{:?}", all.rejected);
        assert_eq!(all.geometries(), [wanted], "{inside}");
    }
    let all = read_text(&kml(&format!(
        "<Placemark><Point><coordinates>x,2</coordinates></Point></Placemark><Placemark><Point/></Placemark>\
         <Placemark><Point><coordinates>1</coordinates></Point></Placemark><Placemark>{point}</Placemark>"
    )));
    assert_eq!((all.features.len(), all.rejected.len()), (1, 3));
}

#[test]
fn gpx_is_read_with_times_and_extensions() {
    let all = read_text(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><gpx version=\"1.1\" xmlns=\"http://www.topografix.com/GPX/1/1\">
         <metadata><name>file</name></metadata>
         <wpt lat=\"47.25\" lon=\"8.5\"><ele>400.5</ele><time>2024-02-29T10:00:00Z</time><name>A &lt; B</name>
           <link href=\"http://example.org/\"><text>t</text></link><extensions><x:speed xmlns:x=\"x\">3</x:speed></extensions></wpt>
         <rte><name>r</name><rtept lat=\"0\" lon=\"0\"><name>p</name></rtept><rtept lat=\"1\" lon=\"1\"/></rte>
         <trk><name>t</name><trkseg><trkpt lat=\"0\" lon=\"0\"><ele>1</ele><time>T1</time></trkpt>
           <trkpt lat=\"1\" lon=\"1\"><ele>2</ele><time>T2</time></trkpt></trkseg><trkseg/><trkseg><trkpt lat=\"5\" lon=\"5\"/></trkseg></trk>
         <wpt lat=\"x\" lon=\"1\"/><wpt lat=\"95\" lon=\"1\"/></gpx>",
    );
    assert_eq!((all.info.format, all.rejected.len()), (Format::Gpx, 2));
    assert_eq!(
        all.geometries(),
        [
            json!({"type": "Point", "coordinates": [8.5, 47.25, 400.5]}),
            json!({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
            json!({"type": "LineString", "coordinates": [[0, 0, 1], [1, 1, 2]]}),
        ]
    );
    assert_eq!(
        all.properties(),
        [
            json!({"time": "2024-02-29T10:00:00Z", "name": "A < B", "link": "http://example.org/", "link_text": "t", "speed": "3"}),
            json!({"name": "r"}),
            json!({"name": "t", "time_start": "T1", "time_end": "T2"}),
        ]
    );
}

#[test]
fn xml_that_could_do_harm_is_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE kml [<!ENTITY a \"aaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]><kml>&b;</kml>";
    assert!(fault(bomb.as_bytes(), ReadOptions::default()).1.contains("DOCTYPE"));
    assert!(fault(bomb.replace("kml", "gpx").as_bytes(), ReadOptions::default()).1.contains("DOCTYPE"));
    let deep = kml(&format!("{}{}", "<Folder>".repeat(1000), "</Folder>".repeat(1000)));
    let (code, message) = fault(deep.as_bytes(), ReadOptions::default());
    assert_eq!((code, message.contains("deeper than 100")), (ErrorCode::LimitExceeded, true));
    let crowd: String = (0..101).flat_map(|number| [" a".to_owned(), number.to_string(), "=\"\"".to_owned()]).collect();
    let (code, message) = fault(kml(&format!("<Folder{crowd}/>")).as_bytes(), ReadOptions::default());
    assert_eq!((code, message.contains("more than 100 attributes")), (ErrorCode::LimitExceeded, true));
    let place = "<Point><coordinates>1,2</coordinates></Point>";
    let nested = format!("{}{place}{place}{}", "<MultiGeometry>".repeat(60), "</MultiGeometry>".repeat(60));
    assert_eq!(
        read_text(&kml(&format!("<Placemark>{nested}</Placemark>"))).features.len(),
        1,
        "lone parts are no nesting"
    );
    let whole = kml("<Placemark><name>a</name></Placemark>");
    for cut in [20, 60, 95, 110, whole.len() - 8] {
        let (code, _) = fault(&whole.as_bytes()[..cut], ReadOptions::default());
        assert_eq!(code, ErrorCode::BadInput, "{cut}");
    }
    for text in ["<html><body/></html>", "<?xml version=\"1.0\"?><rss/>", "<svg/>"] {
        assert!(fault(text.as_bytes(), ReadOptions::default()).1.contains("no file of a format"), "{text}");
    }
}

#[test]
fn a_place_that_stands_twice_is_no_place() {
    for inside in [
        "<wpt lat=\"1\" lat=\"2\" lon=\"3\"/>",
        "<wpt lat=\"1\" lon=\"3\" name=/>",
        "<trk><trkseg><trkpt lat=\"1\" lon=\"3\" lon=\"4\"/></trkseg></trk>",
    ] {
        let text = format!("<gpx version=\"1.1\" xmlns=\"http://www.topografix.com/GPX/1/1\">{inside}</gpx>");
        let (code, message) = fault(text.as_bytes(), ReadOptions::default());
        assert_eq!((code, message.contains("no well-formed XML")), (ErrorCode::BadInput, true), "{inside}: {message}");
    }
}

#[test]
fn attributes_of_another_namespace_are_not_those_of_the_format() {
    let gpx = read_text(
        "<gpx xmlns=\"http://www.topografix.com/GPX/1/1\" xmlns:x=\"x\"><wpt x:lat=\"9\" lat=\"2\" lon=\"1\" x:lon=\"8\"/></gpx>",
    );
    assert_eq!(gpx.geometries(), [json!({"type": "Point", "coordinates": [1, 2]})]);
    let kml = read_text(&kml(
        "<Placemark gx:id=\"other\" id=\"p1\"><Point><coordinates>1,2</coordinates></Point></Placemark>",
    ));
    assert_eq!(kml.features[0].id.as_deref(), Some("p1"));
}
