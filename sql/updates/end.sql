
-- Who was given what has it again, of what there is
SELECT tiering_update.remember_own();
SELECT tiering_update.change(g, NOT g.taken)
FROM tiering_update.given g JOIN tiering_update.rights() r ON r.object = g.object
ORDER BY g.grantable DESC;
SELECT tiering_update.change_roles(true);
SELECT tiering_update.put_back_own();

SELECT tiering_update.make_views();

DROP SCHEMA tiering_update CASCADE;
