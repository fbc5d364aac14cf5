/*
 * Where the metrics of schemes, and the histories behind them, come from
 */

CREATE TABLE tiering.source (
	scheme          text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query           text NOT NULL,
	set_by          regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at          timestamptz NOT NULL DEFAULT now(),
	settings        text[] NOT NULL DEFAULT _tiering.kept_settings(),
	refreshed_as_of date,
	refreshed_at    timestamptz,
	hashes          int8multirange
);
SELECT pg_catalog.pg_extension_config_dump('tiering.source', '');
COMMENT ON TABLE tiering.source IS 'Where a scheme''s metrics come from';
COMMENT ON COLUMN tiering.source.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.source.query IS
'A SELECT that yields customer_id and the scheme''s metrics for the date $1';
COMMENT ON COLUMN tiering.source.set_by IS
'The role that set it, with whose rights it runs, also when it is renamed';
COMMENT ON COLUMN tiering.source.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.source.settings IS
'The settings with which it runs, of the session that set it, as name=value: the time zone, by '
'which a time becomes a day, the DateStyle, by which 01/02/2026 becomes one, and others; see '
'kept_settings()';
COMMENT ON COLUMN tiering.source.refreshed_as_of IS
'Date of the last refresh, or of the last assessment that load_history() brought';
COMMENT ON COLUMN tiering.source.refreshed_at IS 'When one last changed anything';
COMMENT ON COLUMN tiering.source.hashes IS
'On a Citus worker, the hashes of the customers whose shards it reads, if refresh_on_workers() '
'bound it; else null';

-- Who can read a key has the query run, with its setter's rights: see src/required_balance.c.
CREATE TABLE tiering.series_source (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query  text NOT NULL,
	set_by regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at timestamptz NOT NULL DEFAULT now(),
	settings text[] NOT NULL DEFAULT _tiering.kept_settings(),
	key    uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.series_source', '');
COMMENT ON TABLE tiering.series_source IS 'Where the histories of a scheme''s customers come from';
COMMENT ON COLUMN tiering.series_source.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.series_source.query IS
'A SELECT that yields customer_id, balances and period for the date $1';
COMMENT ON COLUMN tiering.series_source.set_by IS
'The role that set it, with whose rights it runs, also when it is renamed';
COMMENT ON COLUMN tiering.series_source.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.series_source.settings IS
'The settings with which it runs, of the session that set it, as name=value: the time zone, by '
'which a time becomes a day, the DateStyle, by which 01/02/2026 becomes one, and others; see '
'kept_settings()';
COMMENT ON COLUMN tiering.series_source.key IS
'What near_upgrade has the query run by. Who can read it can do so, too: grant nobody SELECT on it';
