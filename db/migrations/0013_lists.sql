-- What admins' lists are found and ordered by: an equality first, then the time and the id of a page's edge.

DROP INDEX orders_email;
CREATE INDEX orders_email ON orders (lower(email) text_pattern_ops, created_at, id);
CREATE INDEX orders_state ON orders (state, created_at, id);
CREATE INDEX orders_pay_currency ON orders (pay_currency, created_at, id);
CREATE INDEX orders_parked ON orders (created_at, id) WHERE hold IS NOT NULL;

CREATE INDEX lines_product_id ON lines (product_id);
CREATE INDEX lines_supplier ON lines (supplier);

CREATE INDEX payments_created_at ON payments (created_at, id);
CREATE INDEX payments_state ON payments (state, created_at, id);
CREATE INDEX payments_pay_currency ON payments (pay_currency, created_at, id);
CREATE INDEX payments_gateway_payment_id ON payments (gateway_payment_id);
CREATE INDEX payments_pay_address ON payments (pay_address);

CREATE INDEX purchases_time ON purchases (created_at, id);
CREATE INDEX purchases_state ON purchases (state, created_at, id);
CREATE INDEX purchases_supplier_ref ON purchases (supplier_ref) WHERE supplier_ref IS NOT NULL;
CREATE INDEX purchases_product_ref ON purchases (product_ref, created_at, id);

CREATE INDEX notices_event ON notices (event, received_at, id);
CREATE INDEX notices_outcome ON notices (outcome, received_at, id);
CREATE INDEX notices_by_external_id ON notices (external_id);
CREATE INDEX notices_unusual ON notices (verdict, received_at, id) WHERE verdict <> 'verified';

CREATE INDEX letters_created_at ON letters (created_at, id);
CREATE INDEX letters_state ON letters (state, created_at, id);
CREATE INDEX letters_recipient ON letters (lower(recipient) text_pattern_ops, created_at, id);
CREATE INDEX letters_fate ON letters (fate, created_at, id) WHERE fate IS NOT NULL;

CREATE INDEX cases_state ON cases (state, opened_at, id);
CREATE INDEX cases_kind ON cases (kind, opened_at, id);

CREATE INDEX jobs_state ON jobs (state, failed_at, id);
CREATE INDEX jobs_actor ON jobs (actor, failed_at, id);

CREATE INDEX access_records_at ON access_records (at, id);
CREATE INDEX access_records_action ON access_records (action, at, id);
CREATE INDEX access_records_actor ON access_records (actor, at, id);
CREATE INDEX access_records_refused ON access_records (outcome, at, id) WHERE outcome <> 'granted';

CREATE INDEX products_created_at ON products (created_at, id);
CREATE INDEX products_name ON products (name, id);
