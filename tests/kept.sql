-- What tests/kept.py puts into a fresh database, so that it can be emptied: what migrations put into tables is put back,
-- and a changed schema is told, since no emptying mends that. It runs before each of many tests, so it reads little.
CREATE SCHEMA pristine;

-- Whatever is altered is a newer row of the catalog; of what is dropped there are fewer.
CREATE FUNCTION pristine.shape() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    RETURN concat_ws(' ',
        (SELECT concat(count(*), ':', sum(c.oid::bigint + hashtext(c.relname))) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace),
        (SELECT concat(count(*), ':', max(p.xmin::text::bigint)) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace),
        (SELECT concat(count(*), ':', max(a.xmin::text::bigint)) FROM pg_attribute a
          WHERE a.attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r')),
        (SELECT concat(count(*), ':', max(t.xmin::text::bigint)) FROM pg_trigger t),
        (SELECT concat(count(*), ':', max(k.xmin::text::bigint)) FROM pg_constraint k));
END $$;

CREATE TABLE pristine.counters AS
    SELECT format('%I.%I', schemaname, sequencename)::regclass AS name, last_value, start_value FROM pg_sequences
     WHERE schemaname = 'public';

-- A statement for each table, planned once: one that holds something is emptied, and one that migrations filled gets its
-- rows back if they are others now.
DO $$
DECLARE one regclass; filled boolean; told text; body text := '';
BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE pristine.%I AS TABLE %s', 'of_' || one::oid, one);
            told := format('(SELECT string_agg(row::text, '','' ORDER BY row::text) FROM %s row)', one);
            body := body || format(
                'IF %s IS DISTINCT FROM %s THEN DELETE FROM %s; INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE pristine.%I; END IF; ',
                told, replace(told, one::text, format('pristine.%I', 'of_' || one::oid)), one, one, 'of_' || one::oid);
        ELSE
            body := body || format('IF EXISTS (SELECT FROM %s) THEN DELETE FROM %s; END IF; ', one, one);
        END IF;
    END LOOP;
    EXECUTE format('CREATE FUNCTION pristine.put_back() RETURNS void LANGUAGE plpgsql AS %L', format('BEGIN %s END', body));
END $$;

CREATE FUNCTION pristine.empty() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF pristine.shape() <> (SELECT shape FROM pristine.known) THEN RETURN false; END IF;
    PERFORM pristine.put_back();
    PERFORM setval(name, coalesce(last_value, start_value), last_value IS NOT NULL) FROM pristine.counters;
    RETURN true;
END $$;
CREATE TABLE pristine.known AS SELECT pristine.shape() AS shape;
