-- Imports of several files, with days of either order, tried before they are made; files that come in pieces.

ALTER TABLE imports
    ADD COLUMN files jsonb NOT NULL DEFAULT '[]',          -- of an archive of several: name and lines before it
    ADD COLUMN month_first text[] NOT NULL DEFAULT '{}';   -- columns whose days are written month first
