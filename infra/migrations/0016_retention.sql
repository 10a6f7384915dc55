-- Finished jobs, and what their targets noted of them, are removed when nobody will look at them any more.
SELECT ensemble_grant('DELETE', 'jobs', ARRAY['scheduler']);
SELECT ensemble_grant('DELETE', 'jobs_taken', ARRAY['scheduler']);
