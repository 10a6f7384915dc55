-- A page of a stream's events of some kinds, in order. Of the hour that is being written the planner knows next to
-- nothing: it takes it for small, and would read and sort all that is left of the stream for each page. So that a page
-- costs what it holds, nothing but following the key is left to it.
CREATE FUNCTION journal_page(of_stream bigint, after bigint, kinds text[], size bigint)
RETURNS TABLE (seq bigint, event text, header bytea, payload bytea)
LANGUAGE sql STABLE
SET search_path = public
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
    SELECT j.seq, j.event, j.header, j.payload FROM journal j
    WHERE j.stream = of_stream AND j.seq > after AND j.event = ANY(kinds)
    ORDER BY j.seq LIMIT size
$$;
