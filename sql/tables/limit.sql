/*
 * How much a refresh may move, what looks at its data before, and what both said of those
 * that were let through
 */

CREATE TABLE tiering.refresh_limit (
	scheme    text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	max_moved numeric CHECK (max_moved BETWEEN 0 AND 1),
	max_new   numeric CHECK (max_new BETWEEN 0 AND 1),
	max_exit  numeric CHECK (max_exit BETWEEN 0 AND 1),
	control_query text,
	tolerance numeric CHECK (tolerance >= 0 AND tolerance < 'Infinity'),
	set_by    regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at    timestamptz NOT NULL DEFAULT now(),
	settings  text[] NOT NULL DEFAULT _tiering.kept_settings(),
	CHECK (num_nonnulls(max_moved, max_new, max_exit, control_query) > 0),
	CHECK ((tolerance IS NULL) = (control_query IS NULL))
);
SELECT pg_catalog.pg_extension_config_dump('tiering.refresh_limit', '');
COMMENT ON TABLE tiering.refresh_limit IS
'The shares of a scheme''s customers, and the total, beyond which a refresh is refused; see '
'set_limits()';
COMMENT ON COLUMN tiering.refresh_limit.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.refresh_limit.max_moved IS
'How many of the customers before it may move between tiers, as a fraction of 1; null: any number';
COMMENT ON COLUMN tiering.refresh_limit.max_new IS
'How many may be new, as a fraction of the customers before it; null: any number';
COMMENT ON COLUMN tiering.refresh_limit.max_exit IS
'How many of the customers before it may leave, as a fraction of 1; null: any number';
COMMENT ON COLUMN tiering.refresh_limit.control_query IS
'A SELECT that yields for the date $1 the total that the measures have to add up to; null if none';
COMMENT ON COLUMN tiering.refresh_limit.tolerance IS
'By how much they may be off, in the unit of the measure; null if there is no control';
COMMENT ON COLUMN tiering.refresh_limit.set_by IS
'The role that set it, with whose rights the control runs, also when it is renamed';
COMMENT ON COLUMN tiering.refresh_limit.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.refresh_limit.settings IS
'The settings with which the control runs, of the session that set it; see source.settings';

CREATE TABLE tiering.refresh_check (
	scheme   text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query    text NOT NULL,
	set_by   regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at   timestamptz NOT NULL DEFAULT now(),
	settings text[] NOT NULL DEFAULT _tiering.kept_settings()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.refresh_check', '');
COMMENT ON TABLE tiering.refresh_check IS
'What looks at the data of a scheme before each refresh; see set_checks()';
COMMENT ON COLUMN tiering.refresh_check.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.refresh_check.query IS
'A SELECT that yields what is wrong with the data for the date $1: severity, kind, account, days '
'and detail';
COMMENT ON COLUMN tiering.refresh_check.set_by IS
'The role that set it, with whose rights it runs, also when it is renamed';
COMMENT ON COLUMN tiering.refresh_check.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.refresh_check.settings IS
'The settings with which it runs, of the session that set it; see source.settings';

CREATE TABLE tiering.source_check (
	entry       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	finding     text NOT NULL,
	errors      bigint,
	warnings    bigint,
	forced      boolean NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	recorded_as text DEFAULT _tiering.acting_role()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.source_check', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.source_check_entry_seq', '');
COMMENT ON TABLE tiering.source_check IS
'What the checks of refreshes found, a row for each refresh of a scheme that has any, and what '
'refreshes were let through with by force, although it was beyond a limit; rows are added only';
COMMENT ON COLUMN tiering.source_check.entry IS 'Number of the finding';
COMMENT ON COLUMN tiering.source_check.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.source_check.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.source_check.finding IS
'What was found, with its figures; of checks: how often each kind, and the first five errors';
COMMENT ON COLUMN tiering.source_check.errors IS
'How many errors checks found; null where it is about a limit';
COMMENT ON COLUMN tiering.source_check.warnings IS
'How many warnings checks found; null where it is about a limit';
COMMENT ON COLUMN tiering.source_check.forced IS
'Whether it would have been refused, and force => true let it through';
COMMENT ON COLUMN tiering.source_check.recorded_at IS 'When';
COMMENT ON COLUMN tiering.source_check.recorded_by IS 'Who had logged in and refreshed';
COMMENT ON COLUMN tiering.source_check.recorded_as IS 'The role that they had set; null if none';
