-- A foreign key looks the attempt of every single point up; with tens of thousands of points a second that is a third of
-- what recording them costs. The statement that writes them names their attempt once, and holds the lock of its trial,
-- without which nobody deletes it. What the key did when an attempt is deleted a trigger does, once for all attempts of
-- a statement.
ALTER TABLE "metric" DROP CONSTRAINT "metric_trial_id_attempt_fkey";

CREATE FUNCTION "attempt_takes_metrics_along"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM metric m USING gone g WHERE m.trial_id = g.trial_id AND m.attempt = g.number;
  RETURN NULL;
END $$;
CREATE TRIGGER "attempt_takes_metrics_along" AFTER DELETE ON "attempt" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "attempt_takes_metrics_along"();
