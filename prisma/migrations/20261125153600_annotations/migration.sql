-- Sweeps that are left out of the list.
ALTER TABLE "sweep" ADD COLUMN "archived_at" TIMESTAMPTZ(3);

-- Notes and tags of sweeps and trials. Not in their rows: a trial's is final once it has ended.
CREATE TABLE "annotation" (
  "target" TEXT NOT NULL,
  "sweep_id" TEXT NOT NULL,
  "trial_id" TEXT,
  "notes" TEXT NOT NULL,
  "tags" TEXT[],
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "annotation_pkey" PRIMARY KEY ("target"),
  CONSTRAINT "annotation_target_is_one" CHECK ("target" = coalesce("trial_id", "sweep_id")),
  CONSTRAINT "annotation_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweep" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "annotation_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trial" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "annotation_trial_id_key" ON "annotation" ("trial_id");
CREATE INDEX "annotation_sweep_id_idx" ON "annotation" ("sweep_id");
