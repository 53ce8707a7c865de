-- The comparison reads the test metrics of every trial of a sweep; they are a few among thousands of rows of each.
CREATE INDEX metric_test ON metric (trial_id, attempt) WHERE split = 'test';
