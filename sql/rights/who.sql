/*
 * Who acts: who has logged in, and the role that they have set. A login that is in
 * trusted_login says by that role who acts.
 */

-- Within a definer's function current_user is the extension's owner.
-- Inlined, as it is asked for each row that is recorded
CREATE FUNCTION _tiering.acting_role() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
RETURN NULLIF(current_setting('role', true), 'none');
COMMENT ON FUNCTION _tiering.acting_role() IS
'The role that the session has set with SET ROLE; null if none. Who had logged in is session_user';

CREATE FUNCTION _tiering.login_id() RETURNS oid
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT r.oid FROM pg_roles r WHERE r.rolname = session_user;
END;
COMMENT ON FUNCTION _tiering.login_id() IS
'Who has logged in: the oid of session_user, which stays when the role is renamed';

-- A name may have been another's before, and an oid be of another cluster, from which
-- rows were restored. Either counts: rather one too many may not decide.
CREATE FUNCTION _tiering.is_login(id oid, name text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT COALESCE(is_login.id = _tiering.login_id(), false) OR is_login.name = session_user;
END;
COMMENT ON FUNCTION _tiering.is_login(oid, text) IS
'Whether somebody who was kept by oid and name is who has logged in: one of the two is enough';

-- Called by the owner's functions. Without a role that is set the login is who it is.
CREATE FUNCTION _tiering.person_id() RETURNS oid
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT r.oid FROM pg_roles r
		WHERE r.rolname = _tiering.acting_role() AND r.oid <> _tiering.login_id() AND EXISTS (
			SELECT FROM tiering.trusted_login t WHERE t.login::oid = _tiering.login_id()));
END;
$$;
COMMENT ON FUNCTION _tiering.person_id() IS
'The role that a trusted login has set, as whom it acts; null for all others, who are who has '
'logged in';

CREATE FUNCTION _tiering.may_be(login oid, other oid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN pg_has_role(may_be.login, may_be.other, 'MEMBER') AND EXISTS (
		SELECT FROM tiering.trusted_login t WHERE t.login::oid = may_be.login);
END;
$$;
COMMENT ON FUNCTION _tiering.may_be(oid, oid) IS
'Whether a trusted login that names nobody may have acted for somebody';

-- By oid or by name, as is_login() has it. Who acts through a trusted login is the same person as
-- who logs in themselves; and whoever names nobody there may be anybody who does.
CREATE FUNCTION _tiering.is_person(id oid, name text, person oid, acted_as text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 300
BEGIN ATOMIC
	SELECT CASE WHEN is_person.person IS NOT NULL AND me.person IS NOT NULL
			THEN is_person.person = me.person
				OR is_person.acted_as = _tiering.acting_role()
		ELSE _tiering.is_login(is_person.id, is_person.name)
			OR COALESCE(is_person.id = me.person OR is_person.name = _tiering.acting_role()
				AND me.person IS NOT NULL, false)
			OR is_person.person IS NOT NULL AND COALESCE(is_person.person = _tiering.login_id()
				OR is_person.acted_as = session_user, false)
			OR is_person.person IS NULL
				AND _tiering.may_be(is_person.id, COALESCE(me.person, _tiering.login_id())) END
	FROM (SELECT _tiering.person_id() AS person) me;
END;
COMMENT ON FUNCTION _tiering.is_person(oid, text, oid, text) IS
'Whether somebody who was kept by the oid and the name of their login, and by the role as whom '
'that acted if it was trusted, is who acts now';
