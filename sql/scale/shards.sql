/*
 * Where the shards of a source's tables are, and what a worker reads of them. A source is bound
 * on the coordinator, to distributed tables. Each worker gets it with its own shards in their
 * place, as they are placed when it runs. All tables go by the customer, in the same way: so a
 * worker has all rows of its customers, and nobody else's. Whoever moves a shard leaves behind
 * what is known of its customers, so that is an error.
 */

CREATE FUNCTION _tiering.named_tables(query text) RETURNS text[]
AS 'MODULE_PATHNAME', 'named_tables'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION _tiering.named_tables(text) IS
'The tables that a query names with their schemas, in the order of the text';

CREATE FUNCTION _tiering.with_tables(query text, names text[], replacements text[]) RETURNS text
AS 'MODULE_PATHNAME', 'with_tables'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION _tiering.with_tables(text, text[], text[]) IS
'A query with what stands for tables instead of their names. Errors: a name that is not written '
'as schema.table (0A000)';

CREATE TYPE _tiering.shard AS (
	name      text,
	shard     text,
	node      int,
	hashes    int8multirange,
	colocated int,
	by        text,
	by_type   text
);
COMMENT ON TYPE _tiering.shard IS
'A shard of a table that a source names: what it is called, on which node it is, the hashes that '
'are in it, with which tables it goes, and by which column of which type; of a reference table all '
'of that is null but the names';

CREATE FUNCTION _tiering.shards_of(names text[]) RETURNS SETOF _tiering.shard
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 32
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE $q$
		SELECT DISTINCT n, shard_name(p.logicalrelid, s.shardid),
			CASE p.partmethod WHEN 'h' THEN l.groupid END,
			CASE p.partmethod WHEN 'h' THEN int8multirange(int8range(s.shardminvalue::bigint,
				s.shardmaxvalue::bigint, '[]')) END,
			CASE p.partmethod WHEN 'h' THEN p.colocationid END,
			CASE p.partmethod WHEN 'h' THEN column_to_column_name(p.logicalrelid, p.partkey) END,
			CASE p.partmethod WHEN 'h' THEN (
				SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
				WHERE a.attrelid = p.logicalrelid
					AND a.attname = column_to_column_name(p.logicalrelid, p.partkey)) END
		FROM unnest($1) n
			JOIN pg_dist_partition p ON p.logicalrelid = to_regclass(n)
			JOIN pg_dist_shard s ON s.logicalrelid = p.logicalrelid
			JOIN pg_dist_placement l ON l.shardid = s.shardid AND l.shardstate = 1
		WHERE p.partmethod = 'h' OR p.partmethod = 'n' AND p.repmodel = 't' $q$
	USING names;
END;
$$;
COMMENT ON FUNCTION _tiering.shards_of(text[]) IS
'The shards of those of some tables that are distributed by hash or reference tables';

CREATE FUNCTION _tiering.check_shards(scheme text, names text[], shards _tiering.shard[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stray text;
BEGIN
	SELECT n INTO stray FROM unnest(names) n
	WHERE n NOT IN (SELECT s.name FROM unnest(shards) s) AND n !~ '^(pg_catalog|tiering)\.'
	ORDER BY n LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'table % in the source of scheme "%" is not distributed', stray, scheme
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Workers read shards: name tables, no views, that create_distributed_table() '
				'or create_reference_table() made.';
	ELSIF (SELECT count(DISTINCT s.colocated) FROM unnest(shards) s) <> 1 THEN
		RAISE EXCEPTION 'the tables in the source of scheme "%" are not distributed in one way',
				scheme
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Distribute them by the customer, colocated, or make reference tables of them.';
	ELSIF EXISTS (SELECT FROM unnest(shards) s WHERE s.node = 0) OR EXISTS (
		SELECT FROM unnest(shards) s WHERE s.node IS NOT NULL
		GROUP BY s.name, s.shard HAVING count(*) > 1)
	THEN
		RAISE EXCEPTION 'a shard in the source of scheme "%" is on no worker or on two', scheme
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Each worker grades the customers of its shards: each shard is on one of them.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_shards(text, text[], _tiering.shard[]) IS
'Refuses a source that workers cannot run over shards of their own (0A000)';

CREATE FUNCTION _tiering.union_of(shards text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT format('(SELECT * FROM %s)', string_agg(s, ' UNION ALL SELECT * FROM ' ORDER BY s))
	FROM unnest(shards) s;
END;
COMMENT ON FUNCTION _tiering.union_of(text[]) IS
'What stands for a table of which these are shards';

CREATE FUNCTION _tiering.shard_sources(scheme text, query text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	names text[] := ARRAY(SELECT DISTINCT n FROM unnest(_tiering.named_tables(query)) n);
	shards _tiering.shard[] := ARRAY(SELECT s FROM _tiering.shards_of(names) s);
	sources jsonb;
BEGIN
	PERFORM _tiering.check_shards(scheme, names, shards);
	SELECT jsonb_object_agg(w.node, jsonb_build_object(
		'query', _tiering.with_tables(query, w.names, w.unions), 'of', w.name, 'type', w.by_type,
		'shards', (SELECT jsonb_agg(s.shard) FROM unnest(shards) s
			WHERE s.node = w.node AND s.name = w.name),
		'hashes', (SELECT range_agg(h) FROM unnest(shards) s, unnest(s.hashes) h
			WHERE s.node = w.node)))
	INTO sources
	FROM (
		SELECT t.node, array_agg(t.name) AS names, array_agg(_tiering.union_of(t.shards)) AS unions,
			min(t.name) FILTER (WHERE t.by_type IS NOT NULL) AS name, min(t.by_type) AS by_type
		FROM (
			SELECT n.node, s.name, array_agg(s.shard) AS shards, min(s.by_type) AS by_type
			FROM (SELECT DISTINCT s.node FROM unnest(shards) s WHERE s.node IS NOT NULL) n
				JOIN unnest(shards) s ON s.node = n.node OR s.node IS NULL
			GROUP BY n.node, s.name) t
		GROUP BY t.node) w;
	RETURN sources;
END;
$$;
COMMENT ON FUNCTION _tiering.shard_sources(text, text) IS
'By the number of each worker''s node, what it has to run as the source: the query over its '
'shards, which hashes these have, and of one of the tables its name, its shards, and the type by '
'which it is distributed';
