-- Trials that are stopped before their last epoch because others do better.
ALTER TABLE "trial"
  ADD COLUMN "stopping" TEXT,
  ADD COLUMN "stop" JSONB,
  ADD CONSTRAINT "trial_stopping_known" CHECK ("stopping" IN ('judged', 'follows')),
  -- What was stopped says why.
  ADD CONSTRAINT "trial_stop_iff_stopped" CHECK ("stop" IS NULL OR "state" = 'stopped');

ALTER TABLE "attempt"
  DROP CONSTRAINT "attempt_outcome_known",
  ADD CONSTRAINT "attempt_outcome_known" CHECK ("outcome" IN ('running', 'succeeded', 'failed', 'lease-expired', 'handed-back', 'stopped', 'cancelled'));

-- Which running trials are there to be judged?
CREATE INDEX "trial_judged_idx" ON "trial" ("sweep_id") WHERE "stopping" IS NOT NULL AND "state" IN ('queued', 'running');
