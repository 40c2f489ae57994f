-- Imports of several files, with days of either order, tried before they are made.

ALTER TABLE imports
    ADD COLUMN files jsonb NOT NULL DEFAULT '[]',          -- of an archive of several: name and lines before it
    ADD COLUMN month_first text[] NOT NULL DEFAULT '{}',   -- columns whose days are written month first
    ADD COLUMN dry_run boolean NOT NULL DEFAULT false;     -- counts what would happen and writes no leads
