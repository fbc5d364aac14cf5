/*
 * Who acts: who has logged in, and the role that they have set
 */

-- Within a definer's function current_user is the extension's owner.
CREATE FUNCTION _tiering.acting_role() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT NULLIF(current_setting('role', true), 'none')
$$;
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
