/*
 * Scorecards. A score is a metric of kind score: the sum, over the metrics that
 * it looks at, of points x weight, the points being those of the band in which
 * the metric's value lies. Weights and points have at most 4 decimals, so that
 * a score is exact and has no more decimals than a bound may have.
 *
 * A metric that is null makes the score null, which meets no condition, unless
 * null_points says what an unknown value earns.
 */

CREATE TABLE tiering.score_weight (
	scheme      text COLLATE "C" NOT NULL,
	version     int NOT NULL,
	score       text COLLATE "C" NOT NULL,
	metric      text COLLATE "C" NOT NULL,
	weight      numeric NOT NULL
	            CHECK (abs(weight) < 1e12 AND scale(trim_scale(weight)) <= 4),
	null_points numeric
	            CHECK (abs(null_points) < 1e12 AND scale(trim_scale(null_points)) <= 4),
	PRIMARY KEY (scheme, version, score, metric),
	FOREIGN KEY (scheme, version) REFERENCES tiering.scheme_version ON DELETE CASCADE,
	FOREIGN KEY (scheme, version, score) REFERENCES tiering.metric,
	FOREIGN KEY (scheme, version, metric) REFERENCES tiering.metric
);
SELECT pg_catalog.pg_extension_config_dump('tiering.score_weight', '');
COMMENT ON TABLE tiering.score_weight IS
'A metric at which a score looks, and how much that counts';
COMMENT ON COLUMN tiering.score_weight.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.score_weight.version IS 'Its edition';
COMMENT ON COLUMN tiering.score_weight.score IS 'The score, a metric of kind score';
COMMENT ON COLUMN tiering.score_weight.metric IS
'The metric at which it looks, a number or a boolean';
COMMENT ON COLUMN tiering.score_weight.weight IS
'By what the points are multiplied; at most 12 digits before the point and 4 behind';
COMMENT ON COLUMN tiering.score_weight.null_points IS
'The points of a value that is null; if this is null, too, the whole score is then';

CREATE TABLE tiering.score_band (
	scheme  text COLLATE "C" NOT NULL,
	version int NOT NULL,
	score   text COLLATE "C" NOT NULL,
	metric  text COLLATE "C" NOT NULL,
	bounds  numrange NOT NULL CHECK (_tiering.bounds_fit(bounds)),
	points  numeric NOT NULL
	        CHECK (abs(points) < 1e12 AND scale(trim_scale(points)) <= 4),
	PRIMARY KEY (scheme, version, score, metric, bounds),
	FOREIGN KEY (scheme, version, score, metric) REFERENCES tiering.score_weight ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.score_band', '');
COMMENT ON TABLE tiering.score_band IS
'What a value of a metric earns in a score. The bands of a metric must leave no gap and not '
'overlap';
COMMENT ON COLUMN tiering.score_band.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.score_band.version IS 'Its edition';
COMMENT ON COLUMN tiering.score_band.score IS 'The score';
COMMENT ON COLUMN tiering.score_band.metric IS 'The metric at which it looks';
COMMENT ON COLUMN tiering.score_band.bounds IS
'Between which bounds the value lies, such as [50000,200000)';
COMMENT ON COLUMN tiering.score_band.points IS
'What it earns then; at most 12 digits before the point and 4 behind';
