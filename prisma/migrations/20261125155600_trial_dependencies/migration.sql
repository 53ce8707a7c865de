-- Trials that depend on others: they wait, and get their weights from what the others ended with.
ALTER TABLE "trial"
  ADD COLUMN "derivation" JSONB,
  ADD COLUMN "derived_at" TIMESTAMPTZ(3),
  DROP CONSTRAINT "trial_state_known",
  ADD CONSTRAINT "trial_state_known" CHECK ("state" IN ('waiting', 'queued', 'running', 'succeeded', 'failed', 'stopped', 'cancelled')),
  -- What is trained is known before it is queued.
  ADD CONSTRAINT "trial_derived_before_queued" CHECK (
    "derivation" IS NULL OR "derived_at" IS NOT NULL OR "state" NOT IN ('queued', 'running', 'succeeded', 'stopped'));

CREATE TABLE "trial_dependency" (
  "trial_id" TEXT NOT NULL,
  "needs_id" TEXT NOT NULL,
  "may_lack" BOOLEAN NOT NULL,
  "met" BOOLEAN NOT NULL DEFAULT false,
  CONSTRAINT "trial_dependency_pkey" PRIMARY KEY ("trial_id", "needs_id"),
  CONSTRAINT "trial_dependency_on_another" CHECK ("trial_id" <> "needs_id"),
  CONSTRAINT "trial_dependency_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trial" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "trial_dependency_needs_id_fkey" FOREIGN KEY ("needs_id") REFERENCES "trial" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
-- Who waits for a trial that has ended?
CREATE INDEX "trial_dependency_needs_id_idx" ON "trial_dependency" ("needs_id");
-- Is anything left that a trial waits for?
CREATE INDEX "trial_dependency_unmet_idx" ON "trial_dependency" ("trial_id") WHERE NOT "met";

-- A row whose constant weights come from other rows has none until those are trained.
ALTER TABLE "setting"
  ADD COLUMN "note" TEXT,
  DROP CONSTRAINT "setting_learned_has_no_weights",
  ADD CONSTRAINT "setting_learned_has_no_weights" CHECK ("kind" <> 'learned' OR "weights" IS NULL);

CREATE OR REPLACE FUNCTION "trial_terminal_is_final"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'succeeded' OR NOT (NEW.state IN ('queued', 'waiting') OR NEW.state = OLD.state) THEN
    RAISE EXCEPTION 'trial % is %, a terminal state: it cannot become %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
