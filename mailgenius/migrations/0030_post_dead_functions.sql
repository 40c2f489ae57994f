-- Functions that no statement calls any more: the estimate of a search, and pacing before its buckets were shared.

DROP FUNCTION estimate_lead_matches(text, text);

DROP FUNCTION take_pace(bigint, text[], text[], double precision[], integer[], integer[], integer, double precision,
                        double precision, double precision);
