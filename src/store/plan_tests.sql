-- The condition of each test of a row, pinned by plan_tests.rs. A ? is a bound value.

-- Id { ids: [987123, 987456], negated: true }
"location"."id" NOT IN (?, ?)

-- Name(Eq("zyx'\"; --"))
"location"."name" = ?

-- Name(Ne("zyx'\"; --"))
"location"."name" <> ?

-- Name(In(["zyx'\"; --", "zyx'\"; --"]))
"location"."name" IN (?, ?)

-- Name(Contains("zyx'\"; --"))
instr(cairn_fold("location"."name"), ?) > ?

-- Name(StartsWith("zyx'\"; --"))
instr(cairn_fold("location"."name"), ?) = ?

-- ExternalId(EndsWith("zyx'\"; --"))
cairn_ends_with(cairn_fold("location"."external_id"), ?)

-- CreatedAt(Lt, 2033-04-05T06:07:08.910Z)
"location"."created_at" < ?

-- UpdatedAt(Gte, 2033-04-05T06:07:08.910Z)
"location"."updated_at" >= ?

-- Property(PropertyPath { steps: ["n"] }, Compare(Gt, Int(987123)))
(CASE WHEN (json_type("location"."properties", ?) IN (?, ?)) THEN json_extract("location"."properties", ?) END) > ?

-- Property(PropertyPath { steps: ["n"] }, Compare(Gt, Real(98.7123)))
(CASE WHEN (json_type("location"."properties", ?) IN (?, ?)) THEN json_extract("location"."properties", ?) END) > ?

-- Property(PropertyPath { steps: ["n", "zyx"] }, Compare(Eq, Text("zyx'\"; --")))
(CASE WHEN (json_type("location"."properties", ?) IN (?)) THEN json_extract("location"."properties", ?) END) = ?

-- Property(PropertyPath { steps: ["n"] }, In([Text("zyx'\"; --"), Int(987123)]))
(CASE WHEN (json_type("location"."properties", ?) IN (?)) THEN json_extract("location"."properties", ?) END) = ? OR (CASE WHEN (json_type("location"."properties", ?) IN (?, ?)) THEN json_extract("location"."properties", ?) END) = ?

-- Property(PropertyPath { steps: ["n"] }, Contains("zyx'\"; --"))
(CASE WHEN (json_type("location"."properties", ?) = ?) THEN instr(cairn_fold(json_extract("location"."properties", ?)), ?) > ? WHEN (json_type("location"."properties", ?) = ?) THEN EXISTS(SELECT ? FROM json_each("location"."properties", ?) AS "element" WHERE "element"."type" = ? AND "element"."value" = ?) END)

-- Property(PropertyPath { steps: ["n"] }, StartsWith("zyx'\"; --"))
instr(cairn_fold((CASE WHEN (json_type("location"."properties", ?) IN (?)) THEN json_extract("location"."properties", ?) END)), ?) = ?

-- Property(PropertyPath { steps: ["n"] }, Exists(true))
COALESCE(json_type("location"."properties", ?), ?) <> ?

-- AnyProperty("zyx'\"; --")
instr(cairn_fold("location"."properties"), ?) > ? AND EXISTS(SELECT ? FROM json_tree("location"."properties") AS "tree" WHERE "tree"."type" = ? AND instr(cairn_fold("tree"."value"), ?) > ?)

-- Bbox(BBox { west: 98.7123, south: -9.87, east: 101.25, north: 9.87 })
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND cairn_in_box("location"."geom", ?, ?, ?, ?)

-- Relate(Pattern([Something, Anything, Exactly(Empty), Anything, Anything, Exactly(Empty), Anything, Anything, Anything])
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Relate("location"."geom", ?, ?)

-- DWithin
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "rtree_location_geom"."id" MATCH cairn_reach(?, ?, ?, ?)) AND cairn_dwithin("location"."geom", ?, ?)

-- Spatial(Intersects
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Intersects("location"."geom", ?)

-- Spatial(Disjoint
ST_Disjoint("location"."geom", ?)

-- Spatial(Contains
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Contains("location"."geom", ?)

-- Spatial(Within
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Within("location"."geom", ?)

-- Spatial(Covers
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Covers("location"."geom", ?)

-- Spatial(CoveredBy
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_CoveredBy("location"."geom", ?)

-- Spatial(Crosses
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Crosses("location"."geom", ?)

-- Spatial(Overlaps
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Overlaps("location"."geom", ?)

-- Spatial(Touches
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Touches("location"."geom", ?)

-- Spatial(Equals
"location"."id" IN (SELECT "id" FROM "rtree_location_geom" WHERE "minx" <= ? AND "maxx" >= ? AND "miny" <= ? AND "maxy" >= ?) AND ST_Equals("location"."geom", ?)
