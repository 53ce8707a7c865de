-- The estimate's question: how fast were the trials that succeeded last?
CREATE INDEX "trial_succeeded_idx" ON "trial" ("ended_at" DESC) WHERE "state" = 'succeeded';
