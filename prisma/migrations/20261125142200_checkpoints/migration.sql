-- Checkpoints that lie in the store. Deleted objects have no row.
CREATE TABLE "checkpoint" (
  "object" TEXT NOT NULL,
  "trial_id" TEXT NOT NULL,
  "attempt" INTEGER NOT NULL,
  "step" INTEGER NOT NULL,
  "epoch" INTEGER NOT NULL,
  "bytes" BIGINT NOT NULL,
  "sha256" TEXT NOT NULL,
  "final" BOOLEAN NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "checkpoint_pkey" PRIMARY KEY ("object"),
  CONSTRAINT "checkpoint_trial_id_attempt_fkey" FOREIGN KEY ("trial_id", "attempt") REFERENCES "attempt" ("trial_id", "number") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "checkpoint_trial_id_attempt_step_idx" ON "checkpoint" ("trial_id", "attempt", "step");

-- Where an attempt goes on from; null for one that begins at the first step.
ALTER TABLE "attempt"
  ADD COLUMN "resumed_attempt" INTEGER,
  ADD COLUMN "resumed_step" INTEGER;
