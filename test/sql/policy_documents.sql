-- The words of a policy in documents and copies. The catalogue says which there are, so
-- a word that somebody adds to the table fails here unless it goes with the others.
SET client_min_messages = warning;
\set SHOW_CONTEXT never

SELECT tiering.create_ladder('worded', 'assets', '{low,mid,high,top}', '{NULL,10,20,30}');
INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, review_months,
	review_at, hold, new_hold, watch_after, effective, term, renews, review_from)
VALUES
	('worded', 1, 'mid', 'next', 6, 'best', '{3,9}', 'month_end', '1 year', '90 days', 3,
		'next_month', '12 months', true, 'entered'),
	('worded', 1, 'high', 'at_once', 2, 'one_step', NULL, 'assessment', '0', '1 mon 2 days', 1,
		'next_day', '1 year 1 day', false, 'joined');
INSERT INTO tiering.policy (scheme, version, tier) VALUES ('worded', 1, 'top');

-- no word of mid's is left at its default: one that is new has to be added above
SELECT column_name AS not_tried
FROM information_schema.columns c,
	(SELECT to_jsonb(p) FROM tiering.policy p WHERE scheme = 'worded' AND tier = 'mid') mid(words),
	(SELECT to_jsonb(p) FROM tiering.policy p WHERE scheme = 'worded' AND tier = 'top') top(words)
WHERE table_schema = 'tiering' AND table_name = 'policy'
	AND column_name NOT IN ('scheme', 'version', 'tier')
	AND mid.words -> column_name IS NOT DISTINCT FROM top.words -> column_name;

-- as a person reads it: all words, what differs from the defaults, and nothing
SELECT jsonb_pretty(t -> 'policy') AS policy
FROM jsonb_array_elements(tiering.export_scheme('worded') -> 'tiers') t;

-- each of the ways to another version keeps them all
SELECT tiering.import_scheme(tiering.export_scheme('worded'), 'imported'),
	tiering.copy_scheme('worded', 'cloned'),
	tiering.publish('worded', '2024-01-01'), tiering.new_version('worded'),
	tiering.publish('worded', '2024-02-01'),
	tiering.import_version(tiering.export_scheme('worded'));
SELECT p.scheme, p.version, count(*) AS policies,
	bool_and(to_jsonb(p) - '{scheme,version}'::text[] = to_jsonb(o) - '{scheme,version}'::text[])
		AS same
FROM tiering.policy p
	JOIN tiering.policy o ON o.scheme = 'worded' AND o.version = 1 AND o.tier = p.tier
WHERE p.scheme IN ('worded', 'imported', 'cloned')
GROUP BY 1, 2 ORDER BY 1, 2;

-- whatever the session writes intervals in
SET intervalstyle = 'iso_8601';
SELECT tiering.import_scheme(tiering.export_scheme('worded', 1), 'elsewhere');
SELECT count(*), bool_and(tiering.export_scheme('worded', 1) -> 'tiers'
	= tiering.export_scheme('elsewhere') -> 'tiers') AS same
FROM tiering.policy WHERE scheme = 'elsewhere';
RESET intervalstyle;

-- A word that is null has its default, and one that is misspelt is told, with those
-- that there are.
SELECT tiering.import_scheme('{"scheme": "nulls", "metrics": [{"metric": "x"}], "tiers":
	[{"tier": "a", "rank": 1, "base": true, "policy": {"up": null, "term": "1 mon"}}]}');
SELECT up, down_after, term FROM tiering.policy WHERE scheme = 'nulls';
SELECT tiering.import_scheme('{"scheme": "misspelt", "tiers":
	[{"tier": "a", "rank": 1, "policy": {"watch_afer": 3}}]}');
