//! What the tables stand on: the metadata that makes an SQLite file an OGC GeoPackage 1.4 (OGC 12-128r19), and the functions
//! that PostgreSQL is taught.

use sea_orm_migration::prelude::*;

use super::statements::Statements;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::statements::run(manager, &Statements { geopackage: GEOPACKAGE, postgis: POSTGIS }).await
    }
}

const GEOPACKAGE: &[&str] = &[
    // "GPKG" and version 1.4.0.
    "PRAGMA application_id = 0x47504B47",
    "PRAGMA user_version = 10400",
    "CREATE TABLE gpkg_spatial_ref_sys (
        srs_name TEXT NOT NULL,
        srs_id INTEGER NOT NULL PRIMARY KEY,
        organization TEXT NOT NULL,
        organization_coordsys_id INTEGER NOT NULL,
        definition TEXT NOT NULL,
        description TEXT)",
    "INSERT INTO gpkg_spatial_ref_sys VALUES
        ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
        ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
        ('WGS 84 geodetic', 4326, 'EPSG', 4326,
         'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]],AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]]',
         'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid')",
    "CREATE TABLE gpkg_contents (
        table_name TEXT NOT NULL PRIMARY KEY,
        data_type TEXT NOT NULL,
        identifier TEXT UNIQUE,
        description TEXT DEFAULT '',
        last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        min_x DOUBLE,
        min_y DOUBLE,
        max_x DOUBLE,
        max_y DOUBLE,
        srs_id INTEGER,
        CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))",
    "CREATE TABLE gpkg_geometry_columns (
        table_name TEXT NOT NULL,
        column_name TEXT NOT NULL,
        geometry_type_name TEXT NOT NULL,
        srs_id INTEGER NOT NULL,
        z TINYINT NOT NULL,
        m TINYINT NOT NULL,
        CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
        CONSTRAINT uk_gc_table_name UNIQUE (table_name),
        CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
        CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))",
    "CREATE TABLE gpkg_extensions (
        table_name TEXT,
        column_name TEXT,
        extension_name TEXT NOT NULL,
        definition TEXT NOT NULL,
        scope TEXT NOT NULL,
        CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))",
    // GDAL's own count of features; without it every ogrinfo counts the table.
    "CREATE TABLE gpkg_ogr_contents (table_name TEXT NOT NULL PRIMARY KEY, feature_count INTEGER DEFAULT NULL)",
    // Column roles: tells GDAL and QGIS that `properties` is JSON.
    "CREATE TABLE gpkg_data_columns (
        table_name TEXT NOT NULL,
        column_name TEXT NOT NULL,
        name TEXT,
        title TEXT,
        description TEXT,
        mime_type TEXT,
        constraint_name TEXT,
        CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
        CONSTRAINT gdc_tn UNIQUE (table_name, name))",
    "CREATE TABLE gpkg_data_column_constraints (
        constraint_name TEXT NOT NULL,
        constraint_type TEXT NOT NULL,
        value TEXT,
        min NUMERIC,
        min_is_inclusive BOOLEAN,
        max NUMERIC,
        max_is_inclusive BOOLEAN,
        description TEXT,
        CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))",
    "INSERT INTO gpkg_extensions VALUES
        ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec140/#extension_schema', 'read-write'),
        ('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec140/#extension_schema', 'read-write')",
];

/// Functions that the tables, their indexes and the questions share. Written in SQL they are taken apart by the planner, and
/// their bodies are bound when they are made: restoring a dump works whatever the search path is.
const POSTGIS: &[&str] = &[
    // Case as Unicode has it, whatever the locale of the database; a build without ICU has only the locale.
    "DO $do$ DECLARE rules text := '';
    BEGIN
        IF EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') THEN rules := ' COLLATE \"und-x-icu\"'; END IF;
        EXECUTE 'CREATE FUNCTION cairn_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN lower(value' || rules || ') COLLATE \"C\"';
    END $do$",
    // JSON text as jsonb, for searching. jsonb holds no NUL and no half of a surrogate pair, JSON text may: those few
    // characters become U+FFFD here, while the text itself stays as it is.
    r"CREATE FUNCTION cairn_document(value text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
    BEGIN
        RETURN value::jsonb;
    EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
        RETURN regexp_replace(value, '(?<!\\)((?:\\\\)*)\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\1\\ufffd', 'g')::jsonb;
    END $$",
    "CREATE FUNCTION cairn_text(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE WHEN jsonb_typeof(value) = 'string' THEN value #>> '{}' END",
    "CREATE FUNCTION cairn_bool(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE WHEN jsonb_typeof(value) = 'boolean' THEN value::boolean END",
    // A double as the shortest decimal that gives the same double: the plain cast rounds to 15 digits.
    "CREATE FUNCTION cairn_real(value double precision) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN value::text::numeric",
    // JSON numbers as the embedded store reads them: whole ones of 64 bits exactly, all others as doubles.
    "CREATE FUNCTION cairn_number(value jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE WHEN jsonb_typeof(value) = 'number' THEN CASE
            WHEN abs(value::numeric) <= 9223372036854775807 AND trunc(value::numeric) = value::numeric THEN value::numeric
            WHEN abs(value::numeric) < 1e-307 THEN 0
            WHEN abs(value::numeric) < 1.7e308 THEN (value::numeric)::double precision::text::numeric
            ELSE sign(value::numeric) * 1.7e308
        END END",
    // The cell of a clustering grid that holds the middle of the envelope, counted row by row from the north-west of the
    // Web Mercator square; four cells to a tile's side.
    "CREATE FUNCTION cairn_cluster_cell(shape geometry, zoom integer) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT floor(least(greatest(y * cells, 0), cells - 1))::bigint * cells
             + floor(least(greatest(x * cells, 0), cells - 1))::bigint
        FROM (SELECT 4::bigint << least(zoom, 24) AS cells,
            (ST_XMin(shape) + ST_XMax(shape)) / 2 / 360 + 0.5 AS x,
            0.5 - asinh(tan(radians(least(greatest((ST_YMin(shape) + ST_YMax(shape)) / 2,
                -85.0511287798066), 85.0511287798066)))) / (2 * pi()) AS y) AS square;
    END",
    // The parts of a shape that are compared one by one: all points together, all lines together, each area.
    "CREATE FUNCTION cairn_parts(shape geometry) RETURNS SETOF geometry LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        WITH RECURSIVE member(part) AS (
            SELECT ST_Force2D(shape)
            UNION ALL
            SELECT ST_GeometryN(member.part, number)
            FROM member, generate_series(1, ST_NumGeometries(member.part)) AS number
            WHERE GeometryType(member.part) = 'GEOMETRYCOLLECTION')
        SELECT part FROM member WHERE GeometryType(part) IN ('POLYGON', 'MULTIPOLYGON') AND NOT ST_IsEmpty(part)
        UNION ALL
        SELECT ST_CollectionExtract(ST_Force2D(shape), kind) FROM generate_series(1, 2) AS kind
        WHERE NOT ST_IsEmpty(ST_CollectionExtract(ST_Force2D(shape), kind));
    END",
    // DE-9IM of shapes that may be collections, which PostGIS does not relate: part by part, joined. Exact unless parts
    // overlap or only together cover a place, where Simple Features defines nothing.
    "CREATE FUNCTION cairn_matrix(a geometry, b geometry) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path FROM CURRENT AS $$
    DECLARE
        firsts geometry[] := ARRAY(SELECT cairn_parts(a));
        seconds geometry[] := ARRAY(SELECT cairn_parts(b));
        only_points boolean := cardinality(firsts) = 1 AND ST_Dimension(firsts[1]) = 0;
        cells text[] := string_to_array('FFFFFFFF2', NULL);
        outside_seconds text[] := array_fill('2'::text, ARRAY[2 * cardinality(seconds)]);
        inside text; edge text; pair text[]; point geometry; place integer;
    BEGIN
        IF NOT only_points AND cardinality(seconds) = 1 AND ST_Dimension(seconds[1]) = 0 THEN
            cells := string_to_array(cairn_matrix(b, a), NULL);
            RETURN cells[1] || cells[4] || cells[7] || cells[2] || cells[5] || cells[8] || cells[3] || cells[6] || cells[9];
        END IF;
        -- 'F' sorts after the digits: comparisons go through upper bounds of their own.
        FOR i IN 1 .. cardinality(firsts) LOOP
            inside := '2'; edge := '2';
            FOR j IN 1 .. cardinality(seconds) LOOP
                pair := string_to_array(ST_Relate(firsts[i], seconds[j]), NULL);
                IF NOT only_points THEN
                    FOREACH place IN ARRAY ARRAY[1, 2, 4, 5] LOOP
                        cells[place] := cairn_greater(cells[place], pair[place]);
                    END LOOP;
                END IF;
                inside := cairn_lesser(inside, pair[3]);
                edge := cairn_lesser(edge, pair[6]);
                outside_seconds[2 * j - 1] := cairn_lesser(outside_seconds[2 * j - 1], pair[7]);
                outside_seconds[2 * j] := cairn_lesser(outside_seconds[2 * j], pair[8]);
            END LOOP;
            IF cardinality(seconds) = 0 THEN
                inside := ST_Dimension(firsts[i])::text;
                edge := CASE WHEN ST_IsEmpty(ST_Boundary(firsts[i])) THEN 'F' ELSE ST_Dimension(ST_Boundary(firsts[i]))::text END;
            END IF;
            cells[3] := cairn_greater(cells[3], inside);
            cells[6] := cairn_greater(cells[6], edge);
        END LOOP;
        FOR j IN 1 .. cardinality(seconds) LOOP
            cells[7] := cairn_greater(cells[7], outside_seconds[2 * j - 1]);
            cells[8] := cairn_greater(cells[8], outside_seconds[2 * j]);
        END LOOP;
        IF only_points THEN
            -- A point inside of any part is inside, even if it lies on the boundary of another.
            cells[3] := 'F';
            FOR point IN SELECT geom FROM ST_Dump(firsts[1]) LOOP
                place := 3;
                FOR j IN 1 .. cardinality(seconds) LOOP
                    pair := string_to_array(ST_Relate(point, seconds[j]), NULL);
                    IF pair[1] <> 'F' THEN place := 1; EXIT; END IF;
                    IF pair[2] <> 'F' THEN place := 2; END IF;
                END LOOP;
                cells[place] := '0';
            END LOOP;
        END IF;
        RETURN array_to_string(cells, '');
    END $$",
    "CREATE FUNCTION cairn_greater(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE WHEN a = 'F' THEN b WHEN b = 'F' THEN a ELSE greatest(a, b) END",
    "CREATE FUNCTION cairn_lesser(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE WHEN 'F' IN (a, b) THEN 'F' ELSE least(a, b) END",
    // Whether a named predicate holds between shapes of which one is a collection.
    "CREATE FUNCTION cairn_holds(predicate text, a geometry, b geometry) RETURNS boolean LANGUAGE plpgsql
    IMMUTABLE PARALLEL SAFE STRICT SET search_path FROM CURRENT AS $$
    DECLARE
        matrix text := cairn_matrix(a, b);
        da integer := ST_Dimension(a);
        db integer := ST_Dimension(b);
        interiors boolean := substr(matrix, 1, 1) <> 'F';
        meets boolean := substr(matrix, 1, 2) || substr(matrix, 4, 2) <> 'FFFF';
        stays_inside boolean := substr(matrix, 3, 1) || substr(matrix, 6, 1) = 'FF';
        holds_other boolean := substr(matrix, 7, 2) = 'FF';
    BEGIN
        RETURN CASE predicate
            WHEN 'contains' THEN interiors AND holds_other
            WHEN 'within' THEN interiors AND stays_inside
            WHEN 'covers' THEN meets AND holds_other
            WHEN 'coveredBy' THEN meets AND stays_inside
            WHEN 'touches' THEN meets AND NOT interiors
            WHEN 'equals' THEN da = db AND interiors AND stays_inside AND holds_other
            WHEN 'crosses' THEN CASE
                WHEN da < db THEN interiors AND substr(matrix, 3, 1) <> 'F'
                WHEN da > db THEN interiors AND substr(matrix, 7, 1) <> 'F'
                ELSE da = 1 AND substr(matrix, 1, 1) = '0' END
            WHEN 'overlaps' THEN da = db AND interiors AND (da <> 1 OR substr(matrix, 1, 1) <> '0')
                AND substr(matrix, 3, 1) <> 'F' AND substr(matrix, 7, 1) <> 'F'
        END;
    END $$",
];
