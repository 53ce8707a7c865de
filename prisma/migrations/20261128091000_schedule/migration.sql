-- How the trials of a sweep are given to workers. Not in the sweep's row: claims write here, and must not wait for who
-- records the end of a trial.
CREATE TABLE "schedule" (
  "sweep_id" TEXT NOT NULL,
  "priority" INTEGER NOT NULL DEFAULT 0,
  "share" DOUBLE PRECISION NOT NULL DEFAULT 1,
  "max_running" INTEGER,
  "backends" TEXT[],
  "memory_bytes" BIGINT,
  "labels" TEXT[],
  "commands" TEXT[],
  "budget_trials" INTEGER,
  "budget_seconds" DOUBLE PRECISION,
  "retries" JSONB NOT NULL DEFAULT '{}',
  "paused" TEXT,
  "started" INTEGER NOT NULL DEFAULT 0,
  "turn" DOUBLE PRECISION NOT NULL DEFAULT 0,
  CONSTRAINT "schedule_pkey" PRIMARY KEY ("sweep_id"),
  CONSTRAINT "schedule_share_positive" CHECK ("share" > 0),
  CONSTRAINT "schedule_limit_positive" CHECK ("max_running" > 0),
  CONSTRAINT "schedule_paused_known" CHECK ("paused" IN ('drain', 'now')),
  CONSTRAINT "schedule_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweep" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- Device time that the attempts of a sweep took which are over.
ALTER TABLE "sweep" ADD COLUMN "used_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0;

-- Sweeps that are there: what they have used so far, and the programs that their trials need.
INSERT INTO "schedule" ("sweep_id", "backends", "labels", "commands", "started")
SELECT s.id, '{}', '{}',
  CASE WHEN s.workload = 'command' AND s.spec->'data'->>'command' IS NOT NULL
    THEN ARRAY[s.spec->'data'->>'command'] ELSE '{}' END,
  (SELECT count(*) FROM "trial" t WHERE t.sweep_id = s.id AND t.attempt > 0)
FROM "sweep" s;
UPDATE "sweep" s SET "used_seconds" = u.seconds
FROM (
  SELECT t.sweep_id, sum(extract(epoch FROM a.ended_at - a.started_at)) AS seconds
  FROM "attempt" a JOIN "trial" t ON t.id = a.trial_id WHERE a.ended_at IS NOT NULL GROUP BY t.sweep_id
) u WHERE u.sweep_id = s.id;

ALTER TABLE "trial"
  ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "paused" TEXT,
  ADD COLUMN "not_before" TIMESTAMPTZ(3),
  ADD COLUMN "failures_of" JSONB NOT NULL DEFAULT '{}',
  ADD CONSTRAINT "trial_paused_known" CHECK ("paused" IN ('drain', 'now'));

-- The claim's question: the next trials of a sweep, those never started and those to go on with apart, because a budget
-- of trials is about the former only.
CREATE INDEX "trial_fresh_idx" ON "trial" ("sweep_id", "priority" DESC, "position")
  WHERE "state" = 'queued' AND "paused" IS NULL AND "not_before" IS NULL AND "attempt" = 0;
CREATE INDEX "trial_begun_idx" ON "trial" ("sweep_id", "priority" DESC, "position")
  WHERE "state" = 'queued' AND "paused" IS NULL AND "not_before" IS NULL AND "attempt" > 0;
-- Whose time to be tried again has come?
CREATE INDEX "trial_not_before_idx" ON "trial" ("not_before") WHERE "state" = 'queued' AND "not_before" IS NOT NULL;
-- What runs of a sweep: counted at each claim.
CREATE INDEX "trial_running_idx" ON "trial" ("sweep_id") INCLUDE ("started_at") WHERE "state" = 'running';
-- Sweeps with something to train.
CREATE INDEX "sweep_open_idx" ON "sweep" ("id") WHERE "ended_at" IS NULL;

-- What may be asked of a worker.
ALTER TABLE "worker" ADD COLUMN "labels" TEXT[], ADD COLUMN "commands" TEXT[];
