-- The reconciler's question, asked every few seconds over queued trials only.
CREATE INDEX "trial_queued_idx" ON "trial" ("id") WHERE "state" = 'queued';
