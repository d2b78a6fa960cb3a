-- Orders by what is in them or asked about them: their time stands beside the product, the supplier and the kind, so that
-- a page of such a list is a piece of an index. An order's time never changes.

DROP INDEX lines_product_id;
DROP INDEX lines_supplier;
ALTER TABLE lines ADD COLUMN ordered_at timestamptz;
UPDATE lines l SET ordered_at = o.created_at FROM orders o WHERE o.id = l.order_id;
ALTER TABLE lines ALTER COLUMN ordered_at SET NOT NULL;
CREATE INDEX lines_product_id ON lines (product_id, ordered_at, order_id);
CREATE INDEX lines_supplier ON lines (supplier, ordered_at, order_id);

ALTER TABLE cases ADD COLUMN ordered_at timestamptz;
UPDATE cases c SET ordered_at = o.created_at FROM orders o WHERE o.id = c.order_id;
ALTER TABLE cases ALTER COLUMN ordered_at SET NOT NULL;
CREATE INDEX cases_of_orders ON cases (ordered_at, order_id) WHERE state = 'open';
CREATE INDEX cases_of_orders_by_kind ON cases (kind, ordered_at, order_id) WHERE state = 'open';

-- For whoever does not say it: the places that open cases, and a shop of the version before while this one is rolled out.
CREATE FUNCTION take_order_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ordered_at := (SELECT created_at FROM orders WHERE id = NEW.order_id);
    RETURN NEW;
END $$;
CREATE TRIGGER take_order_time BEFORE INSERT ON lines FOR EACH ROW WHEN (NEW.ordered_at IS NULL)
    EXECUTE FUNCTION take_order_time();
CREATE TRIGGER take_order_time BEFORE INSERT ON cases FOR EACH ROW WHEN (NEW.ordered_at IS NULL)
    EXECUTE FUNCTION take_order_time();
