-- Which process wrote the row last: two with the same INSTANCE_ID would take each other's leases for their own.
ALTER TABLE instances ADD COLUMN run text NOT NULL DEFAULT '';
