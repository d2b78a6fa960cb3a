-- The audit chain: each record bound to the one before by an HMAC whose key is not here (docs/audit.md).

ALTER TABLE access_records
    ADD COLUMN seq        bigint UNIQUE,          -- its place, from 1 without a gap; NULL: written before there was a chain
    ADD COLUMN key_number bigint,                 -- of the audit key
    ADD COLUMN mac        bytea;

-- Records are only added to. Whoever owns the database can take this away, and then the chain tells.
CREATE FUNCTION keep_access_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seq IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'access records are only added to';
END $$;
CREATE TRIGGER access_records_stay BEFORE UPDATE OR DELETE ON access_records
    FOR EACH ROW EXECUTE FUNCTION keep_access_records();
CREATE TRIGGER access_records_stay_all BEFORE TRUNCATE ON access_records
    FOR EACH STATEMENT EXECUTE FUNCTION keep_access_records();
