-- The three published indexes that need the extension pg_trgm. Kept apart because the embedded PostgreSQL does not ship it;
-- schema.create_indexes leaves them out there and says which.

CREATE INDEX IF NOT EXISTS index_contacts_on_name_email_phone_number_identifier ON contacts
    USING gin (name gin_trgm_ops, email gin_trgm_ops, phone_number gin_trgm_ops, identifier gin_trgm_ops);
CREATE INDEX IF NOT EXISTS index_messages_on_content ON messages USING gin (content gin_trgm_ops);
CREATE INDEX IF NOT EXISTS tags_name_trgm_idx ON tags USING gin (lower(name::text) gin_trgm_ops);
