-- sessiond.partitions
--
-- Divides django_session into partitions by a hash of the key, for very large tables: VACUUM, REINDEX and backups then
-- work on parts of it. Optional: `sessiond migrate --partitions 16` applies it; 1 makes one plain table of it again. To
-- Django it is the same table, and so it is not recorded in django_migrations.
--
-- By hand: psql -1 -v ON_ERROR_STOP=1 -c "SET LOCAL sessiond.partitions = 16" -f sql/partitions.sql
--
-- All rows are copied while nobody can read or write the table. Rows, columns, indexes' names, owner, rights and triggers
-- stay; the table's storage parameters (autovacuum's) become those of each partition. What else hangs on the table (a view,
-- a foreign key, a policy, rights to a column, a trigger that is switched off) is an error, and then nothing is changed.

DO $partitions$
DECLARE
    wanted int := current_setting('sessiond.partitions');
    old oid := to_regclass('django_session');
    plain oid;
    place text;
    parameters text;
    owner text;
    definitions text[];
    definition text;
BEGIN
    IF wanted NOT BETWEEN 1 AND 1024 THEN RAISE 'sessiond.partitions: use a number from 1 to 1024'; END IF;
    IF old IS NULL THEN RAISE 'there is no django_session; run sessiond migrate first'; END IF;
    -- Whoever writes sessions has to wait behind this lock: not for long, where it is not to be had.
    PERFORM set_config('lock_timeout', '3s', true);
    LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE;
    PERFORM set_config('lock_timeout', '0', true);

    IF wanted = (SELECT CASE relkind WHEN 'p' THEN (SELECT count(*) FROM pg_inherits WHERE inhparent = old) ELSE 1 END
                 FROM pg_class WHERE pg_class.oid = old) THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = old) OR EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = old) THEN
        RAISE 'django_session has policies or is published; take these away first';
    END IF;
    IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = old AND contype IN ('f', 'x')) THEN
        RAISE 'django_session has foreign keys or exclusion constraints; take these away first';
    END IF;
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = old AND attacl IS NOT NULL) THEN
        RAISE 'somebody has rights to columns of django_session; revoke these first';
    END IF;
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal AND tgenabled <> 'O') THEN
        RAISE 'a trigger of django_session is switched off or fires for replicas; take it away first';
    END IF;

    -- What is made anew, in the order in which it is made.
    SELECT quote_ident(nspname), quote_ident(rolname) INTO place, owner
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace JOIN pg_roles ON pg_roles.oid = relowner
        WHERE pg_class.oid = old;
    plain := coalesce((SELECT min(inhrelid) FROM pg_inherits WHERE inhparent = old), old);
    parameters := (SELECT ' WITH (' || array_to_string(reloptions, ', ') || ')' FROM pg_class WHERE pg_class.oid = plain);
    definitions := ARRAY(
        SELECT format('ALTER TABLE %s.django_session ADD CONSTRAINT %I %s', place, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = old AND contype IN ('p', 'u') ORDER BY conname
    ) || ARRAY(
        SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
        FROM pg_index WHERE indrelid = old
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
        ORDER BY indexrelid
    ) || ARRAY(
        SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal ORDER BY tgname
    ) || ARRAY(
        SELECT format('GRANT %s ON %s.django_session TO %s%s', privilege_type, place,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
            CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = old
    ) || format('ALTER TABLE %s.django_session OWNER TO %s', place, owner);

    IF wanted = 1 THEN
        EXECUTE format('CREATE TABLE %s.sessiond_new (LIKE %1$s.django_session INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
            'INCLUDING IDENTITY INCLUDING STORAGE)%s', place, parameters);
    ELSE
        EXECUTE format('CREATE TABLE %s.sessiond_new (LIKE %1$s.django_session INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
            'INCLUDING STORAGE) PARTITION BY HASH (session_key)', place);
        FOR number IN 0 .. wanted - 1 LOOP
            EXECUTE format('CREATE TABLE %s.%I PARTITION OF %1$s.sessiond_new '
                'FOR VALUES WITH (MODULUS %3$s, REMAINDER %4$s)%5$s',
                place, format('django_session_%s_of_%s', number + 1, wanted), wanted, number, parameters);
            EXECUTE format('ALTER TABLE %s.%I OWNER TO %s', place, format('django_session_%s_of_%s', number + 1, wanted), owner);
        END LOOP;
    END IF;
    EXECUTE format('INSERT INTO %s.sessiond_new SELECT * FROM %1$s.django_session', place);
    EXECUTE format('DROP TABLE %s.django_session', place);
    EXECUTE format('ALTER TABLE %s.sessiond_new RENAME TO django_session', place);
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE definition;
    END LOOP;
    EXECUTE format('ANALYZE %s.django_session', place);
END
$partitions$;
