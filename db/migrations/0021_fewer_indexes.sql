-- Each notice that moves an order writes some thirty entries of indexes. Two of them said what another says as well.

-- An id of a sender is nearly the only one of its kind: by it alone a source's own is found as quickly.
DROP INDEX notices_external_id;

-- One index finds a payment by its gateway's id, whether the gateway is named or not, and keeps it the only one.
ALTER TABLE payments ADD UNIQUE (gateway_payment_id, gateway);
ALTER TABLE payments DROP CONSTRAINT payments_gateway_gateway_payment_id_key;
DROP INDEX payments_gateway_payment_id;
