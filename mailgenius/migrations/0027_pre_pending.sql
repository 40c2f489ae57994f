-- Leads wait for their place in the index of words in a short list. With the usual 4 MB, one of some thousand single
-- leads waited for all of them to be put in place, 150 ms and more, and each search read through the list. A list of
-- 512 KB costs 30 ms; a batch is not slower by it.
ALTER INDEX leads_places_idx SET (gin_pending_list_limit = 512);
