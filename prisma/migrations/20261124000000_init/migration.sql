-- Tables of prisma/schema.prisma, with the constraints for what must never be.

CREATE TABLE "sweep" (
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "workload" TEXT NOT NULL,
  "tasks" TEXT[],
  "spec" JSONB NOT NULL,
  "spec_hash" TEXT NOT NULL,
  "idempotency_key" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "ended_at" TIMESTAMPTZ(3),
  CONSTRAINT "sweep_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "sweep_has_tasks" CHECK (cardinality("tasks") > 0)
);
CREATE UNIQUE INDEX "sweep_idempotency_key_key" ON "sweep" ("idempotency_key");
CREATE INDEX "sweep_created_at_idx" ON "sweep" ("created_at" DESC);

CREATE TABLE "setting" (
  "sweep_id" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "label" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "method" TEXT NOT NULL,
  "tasks" TEXT[],
  "weights" JSONB,
  CONSTRAINT "setting_pkey" PRIMARY KEY ("sweep_id", "key"),
  CONSTRAINT "setting_kind_known" CHECK ("kind" IN ('single', 'fixed', 'learned')),
  CONSTRAINT "setting_learned_has_no_weights" CHECK (("kind" = 'learned') = ("weights" IS NULL)),
  CONSTRAINT "setting_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweep" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "setting_sweep_id_position_key" ON "setting" ("sweep_id", "position");

CREATE TABLE "trial" (
  "id" TEXT NOT NULL,
  "sweep_id" TEXT NOT NULL,
  "setting_key" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "label" TEXT NOT NULL,
  "seed" INTEGER NOT NULL,
  "config" JSONB NOT NULL,
  "state" TEXT NOT NULL DEFAULT 'queued',
  "attempt" INTEGER NOT NULL DEFAULT 0,
  "failures" INTEGER NOT NULL DEFAULT 0,
  "max_failures" INTEGER NOT NULL,
  "worker_id" TEXT,
  "lease_until" TIMESTAMPTZ(3),
  "step" INTEGER,
  "steps" INTEGER,
  "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "started_at" TIMESTAMPTZ(3),
  "ended_at" TIMESTAMPTZ(3),
  "error" JSONB,
  CONSTRAINT "trial_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "trial_state_known" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'stopped', 'cancelled')),
  CONSTRAINT "trial_lease_iff_running" CHECK (("state" = 'running') = ("lease_until" IS NOT NULL)),
  CONSTRAINT "trial_worker_while_running" CHECK ("state" <> 'running' OR ("worker_id" IS NOT NULL AND "attempt" > 0)),
  CONSTRAINT "trial_ended_iff_terminal" CHECK (("state" IN ('succeeded', 'failed', 'stopped', 'cancelled')) = ("ended_at" IS NOT NULL)),
  CONSTRAINT "trial_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweep" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "trial_sweep_id_setting_key_fkey" FOREIGN KEY ("sweep_id", "setting_key") REFERENCES "setting" ("sweep_id", "key") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "trial_sweep_id_position_key" ON "trial" ("sweep_id", "position");
CREATE INDEX "trial_sweep_id_state_idx" ON "trial" ("sweep_id", "state");
CREATE INDEX "trial_sweep_id_setting_key_idx" ON "trial" ("sweep_id", "setting_key");
-- The reaper's question, asked every second over running trials only.
CREATE INDEX "trial_lease_until_idx" ON "trial" ("lease_until") WHERE "state" = 'running';

-- A terminal row never changes, but for a person's retry, which queues it again.
CREATE FUNCTION "trial_terminal_is_final"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'succeeded' OR NOT (NEW.state = 'queued' OR NEW.state = OLD.state) THEN
    RAISE EXCEPTION 'trial % is %, a terminal state: it cannot become %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "trial_terminal_is_final" BEFORE UPDATE ON "trial"
  FOR EACH ROW WHEN (OLD.state IN ('succeeded', 'failed', 'stopped', 'cancelled'))
  EXECUTE FUNCTION "trial_terminal_is_final"();

CREATE TABLE "attempt" (
  "trial_id" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "claim_id" TEXT NOT NULL,
  "worker_id" TEXT NOT NULL,
  "backend" TEXT NOT NULL,
  "device" TEXT NOT NULL,
  "outcome" TEXT NOT NULL DEFAULT 'running',
  "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "ended_at" TIMESTAMPTZ(3),
  "error" JSONB,
  CONSTRAINT "attempt_pkey" PRIMARY KEY ("trial_id", "number"),
  CONSTRAINT "attempt_outcome_known" CHECK ("outcome" IN ('running', 'succeeded', 'failed', 'lease-expired', 'handed-back', 'cancelled')),
  CONSTRAINT "attempt_ended_iff_over" CHECK (("outcome" = 'running') = ("ended_at" IS NULL)),
  CONSTRAINT "attempt_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trial" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "attempt_claim_id_key" ON "attempt" ("claim_id");
-- Two attempts of a trial never run, or succeed, at once.
CREATE UNIQUE INDEX "attempt_one_running" ON "attempt" ("trial_id") WHERE "outcome" = 'running';
CREATE UNIQUE INDEX "attempt_one_succeeded" ON "attempt" ("trial_id") WHERE "outcome" = 'succeeded';

CREATE TABLE "metric" (
  "trial_id" TEXT NOT NULL,
  "attempt" INTEGER NOT NULL,
  "epoch" INTEGER NOT NULL,
  "split" TEXT NOT NULL,
  "task" TEXT NOT NULL,
  "metric" TEXT NOT NULL,
  "value" DOUBLE PRECISION NOT NULL,
  CONSTRAINT "metric_pkey" PRIMARY KEY ("trial_id", "attempt", "epoch", "split", "task", "metric"),
  CONSTRAINT "metric_split_known" CHECK ("split" IN ('train', 'validation', 'test')),
  CONSTRAINT "metric_value_finite" CHECK ("value" > '-Infinity' AND "value" < 'Infinity'),
  CONSTRAINT "metric_trial_id_attempt_fkey" FOREIGN KEY ("trial_id", "attempt") REFERENCES "attempt" ("trial_id", "number") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "log_line" (
  "trial_id" TEXT NOT NULL,
  "attempt" INTEGER NOT NULL,
  "seq" INTEGER NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "level" TEXT NOT NULL,
  "text" TEXT NOT NULL,
  CONSTRAINT "log_line_pkey" PRIMARY KEY ("trial_id", "attempt", "seq"),
  CONSTRAINT "log_line_level_known" CHECK ("level" IN ('debug', 'info', 'warn', 'error')),
  CONSTRAINT "log_line_trial_id_attempt_fkey" FOREIGN KEY ("trial_id", "attempt") REFERENCES "attempt" ("trial_id", "number") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "picture" (
  "trial_id" TEXT NOT NULL,
  "attempt" INTEGER NOT NULL,
  "epoch" INTEGER NOT NULL,
  "sample" INTEGER NOT NULL,
  "task" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "png" BYTEA NOT NULL,
  CONSTRAINT "picture_pkey" PRIMARY KEY ("trial_id", "attempt", "epoch", "sample", "task", "kind"),
  CONSTRAINT "picture_kind_known" CHECK ("kind" IN ('input', 'truth', 'prediction')),
  CONSTRAINT "picture_trial_id_attempt_fkey" FOREIGN KEY ("trial_id", "attempt") REFERENCES "attempt" ("trial_id", "number") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "outbox" (
  "id" BIGSERIAL NOT NULL,
  "sweep_id" TEXT NOT NULL,
  "trial_id" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "sent_at" TIMESTAMPTZ(3),
  CONSTRAINT "outbox_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "outbox_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trial" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
-- The relay's question: only what is not sent yet, oldest first.
CREATE INDEX "outbox_unsent_idx" ON "outbox" ("id") WHERE "sent_at" IS NULL;
-- The reconciler's question: when was this trial last rung?
CREATE INDEX "outbox_trial_id_idx" ON "outbox" ("trial_id");

CREATE TABLE "worker" (
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "host" TEXT NOT NULL,
  "pid" INTEGER NOT NULL,
  "software_version" TEXT NOT NULL,
  "backend" TEXT NOT NULL,
  "backend_reason" TEXT NOT NULL,
  "device" TEXT NOT NULL,
  "slots" INTEGER NOT NULL,
  "trials" TEXT[],
  "state" TEXT NOT NULL,
  "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "worker_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "worker_state_known" CHECK ("state" IN ('running', 'stopping', 'gone'))
);

CREATE TABLE "dead_letter" (
  "id" BIGSERIAL NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "subject" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "body" BYTEA NOT NULL,
  CONSTRAINT "dead_letter_pkey" PRIMARY KEY ("id")
);
