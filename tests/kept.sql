-- What tests/kept.py puts into a fresh database, so that it can be emptied: what migrations put into tables is put back,
-- and a changed schema is told, since no emptying mends that.
CREATE SCHEMA pristine;

CREATE FUNCTION pristine.shape() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat(
        (SELECT string_agg(c.oid || c.relname, ',' ORDER BY c.oid) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace),
        (SELECT string_agg(p.oid || p.proname || md5(p.prosrc), ',' ORDER BY p.oid) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace),
        (SELECT string_agg(a.attname || a.attnotnull || a.atttypmod, ',' ORDER BY a.attrelid, a.attnum) FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'),
        (SELECT string_agg(t.oid::text || t.tgenabled::text, ',' ORDER BY t.oid) FROM pg_trigger t),
        (SELECT string_agg(k.oid::text, ',' ORDER BY k.oid) FROM pg_constraint k)))
$$;
DO $$
DECLARE one regclass; filled boolean;
BEGIN
    CREATE TABLE pristine.known AS SELECT pristine.shape() AS shape;
    CREATE TABLE pristine.seeded (name regclass, copy text);
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE pristine.%I AS TABLE %s', 'of_' || one::oid, one);
            INSERT INTO pristine.seeded VALUES (one, format('pristine.%I', 'of_' || one::oid));
        END IF;
    END LOOP;
    CREATE TABLE pristine.counters AS
        SELECT format('%I.%I', schemaname, sequencename)::regclass AS name, last_value, start_value FROM pg_sequences
         WHERE schemaname = 'public';
END $$;
CREATE FUNCTION pristine.empty() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE one regclass; copied text; filled boolean;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);  -- no trigger, no foreign key
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %s', one); END IF;
    END LOOP;
    FOR one, copied IN SELECT name, copy FROM pristine.seeded LOOP
        EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE %s', one, copied);
    END LOOP;
    PERFORM setval(name, coalesce(last_value, start_value), last_value IS NOT NULL) FROM pristine.counters;
    RETURN pristine.shape() = (SELECT shape FROM pristine.known);
END $$;
