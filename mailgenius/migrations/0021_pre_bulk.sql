-- Acts on many leads and exports by the whole filter of the list: what is stored of it, and about how many it is.

ALTER TABLE lead_bulk_acts
    ADD COLUMN total_is_estimate boolean NOT NULL DEFAULT false;   -- until its end, when they are counted

ALTER TABLE lead_exports
    ADD COLUMN total_is_estimate boolean NOT NULL DEFAULT false,
    ADD COLUMN after_id bigint NOT NULL DEFAULT 0;                 -- the first match comes after this lead
